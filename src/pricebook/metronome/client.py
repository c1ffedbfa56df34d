"""The vendor's API as `http` speaks it: reads that are repeated, writes that are not, and refusals in our words.

A write is sent once, and when nobody can tell what became of it that is `OutcomeUnknown`: then comes a look, and only
after it another try. The idempotency key is made from the request, from the look that it follows, and from the number
of the try since: the same within one try, so that nothing is done twice by the network, and another one after every
look and every refusal, so that neither a stored error (the vendor replays a 5xx to the same key) nor an earlier, equal
request can answer for this one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pricebook.apply.ports import OutcomeUnknown, StoreError, StoreRefused
from pricebook.catalog.canonical import digest, encode
from pricebook.http.client import HttpClient, Patience, RequestLost, RequestNotSent, RequestRefused
from pricebook.metronome.answer import fault
from pricebook.metronome.kind import APIS

READ_TRIES = 6
"""How often a read is sent before it is given up."""
CONNECT_TRIES = 3
"""How often a connection is tried before the account cannot be reached."""
WRITE_TRIES = 20
"""How often a write is sent that is answered 429, or for which no connection is made."""
TRIES = 4
"""How often a change is sent before it is left to the next run, with a look before each but the first."""
AGAIN = "run the same command again: it looks first, and does not send twice what is there"
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
        probe: str = "",
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
        self.concurrency, self.probe = concurrency, probe
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
        if (wrong := fault(method, path, found, writes=False)) is not None:
            message = f"{self.http.host} answered {path} with something else than was asked for: {wrong}"
            raise StoreError(message, "nothing is taken from it; is base_url that of a Metronome account?")
        if self.hear is not None:
            self.hear(method, path, body, found)
        return found

    def write(self, method: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """The answer to a request that changes something; sent once, unless it is known that nothing was done.

        `key` is the idempotency key. Raises StoreRefused, OutcomeUnknown, or StoreError when it could not be sent.
        """
        try:
            answer = self.http.ask(method, path, body, repeatable=False, key=key)
        except RequestNotSent as lost:
            raise StoreError(str(lost), "nothing was sent; try again") from None
        except RequestLost as lost:
            raise OutcomeUnknown(str(lost)) from None
        except RequestRefused as refused:
            raise StoreRefused(refused.message, refused.status, _way_out(refused, path, "write")) from None
        if (wrong := fault(method, path, answer, writes=True)) is not None:
            raise OutcomeUnknown(f"{self.http.host} answered {path}, but nothing that says what was done: {wrong}")
        return answer


class Sender:
    """Sends changes to one account. `nonce` gives a text that was never given before."""

    def __init__(self, client: Client, nonce: Callable[[], str], sleep: Callable[[float], None]) -> None:
        self._client, self._nonce, self._sleep = client, nonce, sleep
        self._look = nonce()

    def looked(self) -> None:
        """It is known what became of all that was sent: that has nothing to do with what is sent from now on."""
        self._look = self._nonce()

    def send(
        self, path: str, body: Mapping[str, Any], *, done: Callable[[], str | None], method: str = "POST"
    ) -> str | None:
        """Make the request, and return the id in its answer, or what `done` found when the answer was lost.

        `done` looks into the account whether the change is there, and returns the id of its object, or None. Raises
        StoreRefused, OutcomeUnknown when even looking did not tell, StoreError when nothing could be sent.
        """
        lost: OutcomeUnknown | None = None
        for number in range(TRIES):
            if lost is not None:
                self._sleep(min(0.25 * 2**number, 5.0))
                try:
                    found = done()
                except StoreError as error:
                    raise OutcomeUnknown(f"{lost.message}; nor could it be looked up: {error.message}", AGAIN) from None
                self.looked()
                if found is not None:
                    return found
            key = f"pricebook-{self._look}-{digest(encode((method, path, body)))}"
            try:
                answer = self._client.write(method, path, body, key)
            except OutcomeUnknown as unknown:
                lost = unknown
                continue
            except StoreRefused:
                self.looked()  # it is known that nothing was done, and the refusal was kept under the key
                raise
            id_: str | None = (answer.get("data") or {}).get("id")
            return id_
        assert lost is not None
        raise OutcomeUnknown(lost.message, AGAIN)


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
    ("/v1/customFields", "custom fields"),
    *((api.path, f"{kind.words}s") for kind, api in APIS.items()),
    ("/v1/contracts", "contracts"),
)
