"""HTTP: the only file that knows httpx. Requests within the budget, what may be repeated repeated, errors in our words.

Rules: a read is repeated after anything that may pass. A write is sent once, and when nobody can tell what became of
it that is `OutcomeUnknown`: whoever asked looks, and sends again under a new idempotency key, because the vendor
replays a stored 5xx to the same key. Only an answer 429, or a connection that was never made, says that nothing was
done.

JSON is written with exact decimals and read with them; no number becomes a binary fraction here. The token appears in
one header and nowhere else: whatever the server says is searched for it before anybody sees it.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from pricebook import __version__
from pricebook.apply.ports import OutcomeUnknown, StoreError, StoreRefused
from pricebook.catalog.canonical import decode, encode
from pricebook.metronome.budget import Budget

READ_TRIES = 6
"""How often a read is sent before it is given up."""
CONNECT_TRIES = 3
"""How often a connection is tried before the account cannot be reached."""
WRITE_TRIES = 20
"""How often a write is sent that is answered 429, or for which no connection is made."""
LONGEST_WAIT = 120.0
"""Seconds of a Retry-After that are waited for; a longer one is given back to whoever asked."""
LARGEST_ANSWER = 64 << 20
"""Bytes."""
HIDDEN = "[token]"


class Client:
    """Requests to one account. Threads may share it; no more than `concurrency` requests are under way at once.

    `connect_timeout` and `read_timeout` are seconds; the second bounds a whole answer, however slowly it drips.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        requests_per_minute: int,
        concurrency: int,
        connect_timeout: float,
        read_timeout: float,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._hidden = _forms(token)
        self._where = urlsplit(base_url).netloc or base_url
        self._clock, self._sleep = clock, sleep
        self._read_timeout = read_timeout
        self.concurrency = concurrency
        self.budget = Budget(requests_per_minute, clock, sleep)
        self.sent = 0
        """Requests that were sent so far."""
        self.tell: Callable[[int], None] | None = None
        """Hears `sent` with every request; from any thread."""
        self.hear: Callable[[str, str, Mapping[str, Any] | None, Any], None] | None = None
        """Hears method, path, body and answer of everything that is read; from any thread."""
        self._lock = Lock()
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "User-Agent": f"pricebook/{__version__}",
            },
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout, pool=None),
            limits=limits,
            transport=transport,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Give all connections back."""
        self._http.close()

    def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The answer to a request that changes nothing. Raises StoreRefused or StoreError."""
        wait, unreached = 0.5, 0
        for number in range(1, READ_TRIES + 1):
            try:
                found = self._once(method, path, body, query, None)
                if self.hear is not None:
                    self.hear(method, path, body, found)
                return found
            except _TooMany as answer:
                error: StoreError = answer.error
                self._pause(answer.seconds if answer.seconds is not None else wait, answer.error)
            except (OutcomeUnknown, _NotSent) as lost:
                error = StoreError(str(lost), "nothing was written; try again")
                unreached += isinstance(lost, _NotSent)
                if number < READ_TRIES and unreached < CONNECT_TRIES:
                    self._sleep(wait)
            if unreached == CONNECT_TRIES:
                break
            wait = min(wait * 2, 15.0)
        raise error from None

    def write(self, method: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """The answer to a request that changes something; sent once, unless it is known that nothing was done.

        `key` is the idempotency key. Raises StoreRefused, OutcomeUnknown, or StoreError when it could not be sent.
        """
        wait, error = 0.5, StoreError(f"{self._where} could not be reached")
        for number in range(WRITE_TRIES):
            try:
                return self._once(method, path, body, None, key if number == 0 else f"{key}.{number}")
            except _TooMany as answer:
                error, delay = answer.error, answer.seconds if answer.seconds is not None else wait
                self._pause(delay, answer.error)
            except _NotSent as lost:
                if number >= CONNECT_TRIES - 1:
                    raise StoreError(str(lost), "nothing was sent; try again") from None
                self._sleep(wait)
            wait = min(wait * 2, 15.0)
        raise error from None

    def _pause(self, seconds: float, error: StoreError) -> None:
        if seconds > LONGEST_WAIT:
            raise error from None
        self.budget.pause(seconds)

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        key: str | None,
    ) -> Any:
        self.budget.take()
        with self._lock:
            self.sent += 1
            if self.tell is not None:
                self.tell(self.sent)
        content = encode(body).encode() if body is not None else None
        headers = {"Idempotency-Key": key} if key is not None else {}
        try:
            with self._http.stream(method, path, content=content, params=query, headers=headers) as response:
                text = self._body(response)
                status, said = response.status_code, response.headers
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _NotSent(self._clean(f"{self._where} could not be reached: {_words(error)}")) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise OutcomeUnknown(self._clean(f"{self._where} did not answer {path}: {_words(error)}")) from None
        return self._answer(path, status, said, text, reading=key is None)

    def _body(self, response: httpx.Response) -> str:
        """The whole text of an answer, within the time and the size that one may have."""
        until, size, parts = self._clock() + self._read_timeout, 0, []
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise OutcomeUnknown(f"{self._where} answers without end")
            if self._clock() > until:
                raise OutcomeUnknown(f"{self._where} did not finish its answer in {self._read_timeout:.0f} s")
        return b"".join(parts).decode("utf-8", "replace")

    def _answer(self, path: str, status: int, headers: Mapping[str, str], text: str, *, reading: bool) -> Any:
        if 200 <= status < 300:
            if not text.strip():
                return {}
            try:
                return decode(text)
            except ValueError:
                message = f"{self._where} answered {path} with what is no JSON; it may have been cut off"
                raise OutcomeUnknown(message) from None
        message = self._message(text)
        if status == 429:
            raise _TooMany(
                StoreRefused(f"{self._where} says that requests come too fast: {message}", status, SLOWER),
                _retry_after(headers.get("Retry-After", "")),
            )
        if status >= 500 or status == 408:
            raise OutcomeUnknown(f"{self._where} answered {path} with {status}: {message}")
        if status in (401, 403):
            hint = _permission(status, path, reading=reading)
            raise StoreRefused(f"{self._where} refuses {path} with {status}: {message}", status, hint)
        if 300 <= status < 400:
            raise StoreRefused(f"{self._where} sends {path} elsewhere ({status})", status, "check base_url")
        raise StoreRefused(f"{self._where} refuses {path} with {status}: {message}", status)

    def _message(self, text: str) -> str:
        """What the server says is wrong, short and without the token."""
        try:
            data = decode(text)
        except (ValueError, RecursionError):
            data = text
        found = data.get("message") if isinstance(data, dict) else None
        said = self._clean(found if isinstance(found, str) else text).strip()
        return (said[:300] + "…" if len(said) > 300 else said) or "it does not say why"

    def _clean(self, text: str) -> str:
        """The text without the token, in whatever form a server echoes it."""
        for form in self._hidden:
            text = text.replace(form, HIDDEN)
        return text


SLOWER = "set requests_per_minute of the environment lower, or wait"


class _TooMany(Exception):  # noqa: N818 - an answer, not a mistake
    """429, with the seconds that the server wants us to wait; None when it does not say."""

    def __init__(self, error: StoreError, seconds: float | None) -> None:
        super().__init__(error.message)
        self.error, self.seconds = error, seconds


class _NotSent(Exception):  # noqa: N818 - the state of the world
    """No connection was made, so nothing was sent."""


def _forms(token: str) -> tuple[str, ...]:
    """The token as a server may echo it: as it is, as JSON text, in a URL, in base64; the longest first."""
    from base64 import b64encode

    forms = {token, encode(token)[1:-1], quote(token, safe=""), b64encode(token.encode()).decode()}
    return tuple(sorted(forms, key=len, reverse=True))


def _words(error: Exception) -> str:
    return {
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "no answer in time",
        "WriteTimeout": "the request could not be sent in time",
        "RemoteProtocolError": "the connection was closed before the answer was whole",
    }.get(type(error).__name__, str(error) or type(error).__name__)


def _retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header: a number, or a date."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - time.time())


def _permission(status: int, path: str, *, reading: bool) -> str:
    """What a token must be allowed to do for a path."""
    if status == 401:
        return "the token is not valid (any more): make a new one, and put it into the environment's token_env"
    area = next((words for start, words in _AREAS if path.startswith(start)), "it")
    return f"the token lacks the permission to {'read' if reading else 'write'} {area}"


_AREAS = (
    ("/v1/billable-metrics", "billable metrics"),
    ("/v1/contract-pricing/products", "products"),
    ("/v1/contract-pricing/rate-cards", "rate cards"),
    ("/v1/packages", "packages"),
    ("/v1/customFields", "custom fields"),
    ("/v1/credit-types", "pricing units"),
    ("/v1/contracts", "contracts"),
)
