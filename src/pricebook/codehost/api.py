"""The API of a code host: few attempts, as long a pause as is asked for, and refusals with their way out.

What may have been made is not made again blindly: a look comes first.
"""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from pricebook.http.client import HttpClient, Patience, RequestLost, RequestRefused
from pricebook.http.shape import Misshapen, many, record, words
from pricebook.problem import Rejected, quote, reject
from pricebook.project.project import LOOPBACK

PATIENCE = Patience(repeated=4, once=4, connections=4, connect_seconds=30.0, answer_seconds=30.0, pause=1.0, limit=60.0)
PER_MINUTE = 600
PAGE = 100
MOST_PAGES = 100
_HINT = "look at the status page of the host, and run the job again"


class CodeHostApi:
    """An API below one address. `headers` carry the token."""

    def __init__(self, base: str, headers: Mapping[str, str], token: str) -> None:
        parts = urlsplit(base)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            message = f"{quote(base)} is no https address"
            raise reject("code-host", message, hint="the token would be readable on the way")
        self._http = HttpClient(
            base, headers, token, requests_per_minute=PER_MINUTE, patience=PATIENCE, clock=monotonic, sleep=sleep
        )

    def get(self, path: str) -> Any:
        """The answer to a question. Raises Rejected."""
        return self.repeat("GET", path)

    def repeat(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to what done twice is the same as done once. Raises Rejected."""
        try:
            return _judged(method, path, self._http.ask(method, path, body, repeatable=True))
        except RequestLost as lost:
            raise reject("code-host", f"{method} {path.partition('?')[0]}: {lost}", hint=_HINT) from None
        except RequestRefused as refused:
            raise _rejected(method, path, refused) from None

    def one(self, path: str) -> dict[str, Any]:
        """The same, of a question about one thing."""
        return _object(path, self.get(path))

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page after page. Raises Rejected."""
        mark = "&" if "?" in path else "?"
        for page in range(1, MOST_PAGES + 1):
            items = self.get(f"{path}{mark}per_page={PAGE}&page={page}")
            if not isinstance(items, list):
                message = f"{path.partition('?')[0]} answered something that is no list"
                raise reject("code-host", message, hint=_HINT)
            yield from (_object(path, item) for item in items)
            if len(items) < PAGE:
                return

    def found_or_made(
        self, find: Callable[[], dict[str, Any] | None], path: str, body: Mapping[str, Any], what: str
    ) -> tuple[dict[str, Any], bool]:
        """What is found, or what is made because nothing is; and whether it was made. `what` is it, and its participle:
        "comment was not posted". Raises Rejected."""
        found = find()
        if found is None:
            try:
                return _object(path, _judged("POST", path, self._http.ask("POST", path, body, repeatable=False))), True
            except RequestRefused as refused:
                raise _rejected("POST", path, refused) from None
            except RequestLost as lost:  # it may have been carried out
                sleep(PATIENCE.pause)
                found = find()
                if found is None:
                    raise reject("code-host", f"the {what}: {lost}", hint="run the job again") from None
        return found, False


_AUTHOR = record({}, {"login": words, "username": words})
_APPROVAL = record({}, {"user": _AUTHOR, "approved_at": words})
_THING = record(
    {},
    {
        **dict.fromkeys(
            ("body", "title", "state", "html_url", "context", "description", "merged_at", "web_url"), words
        ),
        "created_at": words,
        **dict.fromkeys(("user", "author", "creator"), _AUTHOR),
        "head": record({}, {"sha": words}),
        "approved_by": many(_APPROVAL),
    },
)
"""What we read of anything that a code host tells us: comments, notes, issues, statuses, pull requests, users."""


def _judged(method: str, path: str, answer: Any) -> Any:
    """An answer whose fields are what they are said to be. Raises Rejected."""
    try:
        if answer is not None:
            (many(_THING) if isinstance(answer, list) else _THING)(answer)
    except Misshapen as wrong:
        message = f"{method} {path.partition('?')[0]} answered something else than was asked for: {wrong}"
        raise reject("code-host", message, hint=_HINT) from None
    return answer


def _object(path: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        message = f"{path.partition('?')[0]} answered something that is no object"
        raise reject("code-host", message, hint=_HINT)
    return item


def number_of(item: Mapping[str, Any], name: str) -> int:
    """A whole number by which a thing is named. Raises Rejected."""
    found = item.get(name)
    if not isinstance(found, int):
        raise reject("code-host", f"what was found says no {name}", hint=_HINT)
    return found


def _rejected(method: str, path: str, refused: RequestRefused) -> Rejected:
    """What to tell, with the way out for what is mostly the reason."""
    message = f"{method} {path.partition('?')[0]}: {refused.status}"
    hint = {
        401: "the token is not accepted",
        403: "the token may not do this: see the permissions in docs/ci.md",
        404: "it does not exist, or the token may not see it: see the permissions in docs/ci.md",
    }.get(refused.status, "")
    return reject("code-host", message + (f", {quote(refused.said, 200)}" if refused.said else ""), hint=hint)
