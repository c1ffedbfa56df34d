"""The API of a code host: few attempts, as long a pause as is asked for, and refusals with their way out.

What may have been made is not made again blindly: a look comes first.
"""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from pricebook.http.client import HttpClient, Patience, RequestLost, RequestRefused
from pricebook.problem import Rejected, quote, reject

PATIENCE = Patience(repeated=4, once=4, connections=4, connect_seconds=30.0, answer_seconds=30.0, pause=1.0, limit=60.0)
PER_MINUTE = 600
PAGE = 100
MOST_PAGES = 100
_LOCAL = ("localhost", "127.0.0.1", "::1")
_HINT = "look at the status page of the host, and run the job again"


class CodeHostApi:
    """An API below one address. `headers` carry the token."""

    def __init__(self, base: str, headers: Mapping[str, str], token: str) -> None:
        parts = urlsplit(base)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
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
            return self._http.ask(method, path, body, repeatable=True)
        except RequestLost as lost:
            raise reject("code-host", f"{method} {path.partition('?')[0]}: {lost}", hint=_HINT) from None
        except RequestRefused as refused:
            raise _rejected(method, path, refused) from None

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page after page. Raises Rejected."""
        mark = "&" if "?" in path else "?"
        for page in range(1, MOST_PAGES + 1):
            items = self.get(f"{path}{mark}per_page={PAGE}&page={page}")
            if not isinstance(items, list):
                message = f"{path.partition('?')[0]} answered something that is no list"
                raise reject("code-host", message, hint=_HINT)
            yield from items
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
                return self._http.ask("POST", path, body, repeatable=False), True
            except RequestRefused as refused:
                raise _rejected("POST", path, refused) from None
            except RequestLost as lost:  # it may have been carried out
                sleep(PATIENCE.pause)
                found = find()
                if found is None:
                    raise reject("code-host", f"the {what}: {lost}", hint="run the job again") from None
        return found, False


def _rejected(method: str, path: str, refused: RequestRefused) -> Rejected:
    """What to tell, with the way out for what is mostly the reason."""
    message = f"{method} {path.partition('?')[0]}: {refused.status}"
    hint = {
        401: "the token is not accepted",
        403: "the token may not do this: see the permissions in docs/ci.md",
        404: "it does not exist, or the token may not see it: see the permissions in docs/ci.md",
    }.get(refused.status, "")
    return reject("code-host", message + (f", {quote(refused.said, 200)}" if refused.said else ""), hint=hint)
