"""The vendor's API as `http` speaks it: reads that are repeated, writes that are not, and refusals in our words.

A write is sent once, and when nobody can tell what became of it that is `OutcomeUnknown`: whoever asked looks, and
sends again under a new idempotency key, because the vendor replays a stored 5xx to the same key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pricebook.apply.ports import OutcomeUnknown, StoreError, StoreRefused
from pricebook.http.client import HttpClient, Patience, RequestLost, RequestNotSent, RequestRefused
from pricebook.metronome.kind import APIS

READ_TRIES = 6
"""How often a read is sent before it is given up."""
CONNECT_TRIES = 3
"""How often a connection is tried before the account cannot be reached."""
WRITE_TRIES = 20
"""How often a write is sent that is answered 429, or for which no connection is made."""
SLOWER = "set requests_per_minute of the environment lower, or wait"


class Client:
    """Requests to one account. Threads may share it; `options` are those of `HttpClient`.

    `connect_timeout` and `read_timeout` are seconds; the second bounds a whole answer, however slowly it drips.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        concurrency: int,
        connect_timeout: float,
        read_timeout: float,
        **options: Any,
    ) -> None:
        patience = Patience(
            repeated=READ_TRIES,
            once=WRITE_TRIES,
            connections=CONNECT_TRIES,
            connect_seconds=connect_timeout,
            answer_seconds=read_timeout,
        )
        headers = {"Authorization": f"Bearer {token}"}
        self.http = HttpClient(base_url, headers, token, patience=patience, concurrency=concurrency, **options)
        self.concurrency = concurrency
        self.hear: Callable[[str, str, Mapping[str, Any] | None, Any], None] | None = None
        """Hears method, path, body and answer of everything that is read; from any thread."""

    def close(self) -> None:
        """Give all connections back."""
        self.http.close()

    def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The answer to a request that changes nothing. Raises StoreRefused or StoreError."""
        try:
            found = self.http.ask(method, path, body, query, repeatable=True)
        except RequestLost as lost:
            raise StoreError(str(lost), "nothing was written; try again") from None
        except RequestRefused as refused:
            raise StoreRefused(refused.message, refused.status, _way_out(refused, path, "read")) from None
        if self.hear is not None:
            self.hear(method, path, body, found)
        return found

    def write(self, method: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """The answer to a request that changes something; sent once, unless it is known that nothing was done.

        `key` is the idempotency key. Raises StoreRefused, OutcomeUnknown, or StoreError when it could not be sent.
        """
        try:
            return self.http.ask(method, path, body, repeatable=False, key=key)
        except RequestNotSent as lost:
            raise StoreError(str(lost), "nothing was sent; try again") from None
        except RequestLost as lost:
            raise OutcomeUnknown(str(lost)) from None
        except RequestRefused as refused:
            raise StoreRefused(refused.message, refused.status, _way_out(refused, path, "write")) from None


def _way_out(refused: RequestRefused, path: str, verb: str) -> str:
    """What to do about a refusal; empty when only the request can be another one."""
    if refused.limited:
        return SLOWER
    if 300 <= refused.status < 400:
        return "check base_url"
    if refused.status == 401:
        return "the token is not valid (any more): make a new one, and put it into the environment's token_env"
    if refused.status == 403:
        area = next((words for start, words in _AREAS if path.startswith(start)), "it")
        return f"the token lacks the permission to {verb} {area}"
    return ""


_AREAS = (
    *((api.path, f"{kind.words}s") for kind, api in APIS.items()),
    ("/v1/customFields", "custom fields"),
    ("/v1/contracts", "contracts"),
)
