"""The only file that knows httpx. Requests within the budget, what may be repeated repeated, no secret said to anybody.

Rules: a request that may be repeated is, after anything that may pass. Any other is sent once, and when nobody can tell
what became of it that is `RequestLost`: whoever asked looks first. Only a limit (429, or 403 that says when to come
again), or a connection that was never made, says that nothing was done, and then it is sent again in any case.

JSON is written with exact decimals and read with them; no number becomes a binary fraction here. What is fetched goes
into a file as it comes. A redirect is not followed, because the token would go with it. The token appears in one header
and nowhere else: whatever a server says is searched for it before anybody sees it.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR
from threading import Lock, Timer
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import httpx

from pricebook import __version__, trace
from pricebook.catalog.canonical import decode, encode
from pricebook.http.budget import Budget
from pricebook.http.mask import Mask, unsigned

LONGEST_WAIT = 120.0
"""Seconds of a Retry-After that are waited for; a longer one is given back to whoever asked."""
LONGEST_PAUSE = 15.0
"""Seconds between two tries after an answer that was lost."""
LARGEST_ANSWER = 64 << 20
"""Bytes."""


class RequestLost(Exception):  # noqa: N818 - nothing is known to have failed
    """There was no answer, or one of a server that is not well: nobody can tell whether the request was carried out."""


class RequestNotSent(RequestLost):
    """No connection was made, so nothing was sent."""


class RequestRefused(Exception):  # noqa: N818 - the server understood, and the answer is no
    """The answer is no, and nothing was done. `limited`: later it may be yes, after `seconds` where it says so."""

    def __init__(self, message: str, status: int, said: str, *, limited: bool, seconds: float | None) -> None:
        super().__init__(message)
        self.message, self.status, self.said, self.limited, self.seconds = message, status, said, limited, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often something is sent: what may be `repeated`, what is `once` only (limits and connections apart), and how
    often a connection is tried.

    Seconds are for one connection, for one whole answer, however slowly it drips, and for its next piece (`silent`;
    None: as for the whole). `pause` is the first one after an answer that was lost; `limit` is the one after a limit
    that does not say for how long. None: as after a lost answer.
    """

    repeated: int
    once: int
    connections: int
    connect_seconds: float
    answer_seconds: float
    pause: float = 0.5
    limit: float | None = None
    silent: float | None = None


class HttpClient:
    """Requests below one address. Threads may share it; no more than `concurrency` requests are under way at once.
    Raises ValueError for what is no address."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        token: str,
        *,
        requests_per_minute: int,
        patience: Patience,
        concurrency: int = 1,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._mask = Mask(token)
        self.host = urlsplit(base_url).netloc or base_url
        self._clock, self._sleep, self._patience = clock, sleep, patience
        self._budget = Budget(requests_per_minute, clock, sleep)
        self.sent = 0
        """Requests that were sent so far."""
        self.tell: Callable[[int], None] | None = None
        """Hears `sent` with every request; from any thread."""
        self._lock = Lock()
        self._base = base_url.rstrip("/")
        try:
            self._http = httpx.Client(
                base_url=self._base,
                headers={**headers, "User-Agent": f"pricebook/{__version__}"},
                timeout=httpx.Timeout(patience.answer_seconds, connect=patience.connect_seconds, pool=None),
                limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
                transport=transport,
                follow_redirects=False,
            )
        except httpx.InvalidURL as error:
            raise ValueError(f"it is no address: {error}") from None

    def close(self) -> None:
        """Give all connections back."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        repeatable: bool,
        key: str | None = None,
    ) -> Any:
        """The answer to a request. `repeatable`: twice is the same as once, or it changes nothing.

        `key` is the idempotency key; every further try has its own, because an answer may be kept under the first.
        Raises RequestRefused or RequestLost.
        """

        def once(number: int, within: float) -> Any:
            return self._once(method, path, body, query, f"{key}.{number}" if key and number else key, within)

        return self._tried(once, repeatable)

    def fetch(self, address: str, into: BinaryIO) -> None:
        """Write what is at an address of this host to a file, byte for byte, from its beginning at each try. What the
        server says of an address that it refuses may repeat what signs it, and is not read. Raises RequestRefused or
        RequestLost."""
        self._tried(lambda _, within: self._once("GET", address, None, None, None, within, into=into), True)

    def _tried(self, once: Callable[[int, float], Any], repeatable: bool) -> Any:
        """What comes of a request in as many tries as there is patience for, each given its number, and the seconds
        that are left."""
        pause, unreached, spent = self._patience.pause, 0, 0.0
        tries = self._patience.repeated if repeatable else self._patience.once
        for left in reversed(range(tries)):
            number, begun = tries - left - 1, self._clock()
            try:
                within = self._patience.answer_seconds - spent  # whoever does not answer is waited for once in all
                return once(number, within)
            except RequestRefused as refused:
                asked = refused.seconds if refused.seconds is not None else self._patience.limit or pause
                if not refused.limited or not left or asked > LONGEST_WAIT:
                    raise
                self._budget.pause(asked)
            except RequestLost as lost:
                unreached += isinstance(lost, RequestNotSent)
                again = unreached < self._patience.connections if isinstance(lost, RequestNotSent) else repeatable
                spent += self._clock() - begun
                if not again or not left or spent >= self._patience.answer_seconds:
                    raise
                self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise AssertionError("every try ends")

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        key: str | None,
        within: float,
        into: BinaryIO | None = None,
    ) -> Any:
        """One try, over within so many seconds; what it gives goes `into` a file."""
        self._budget.take()
        with self._lock:
            self.sent += 1
            if self.tell is not None:
                self.tell(self.sent)
        begun = self._clock()
        content = encode(body).encode() if body is not None else None
        headers = {"Idempotency-Key": key} if key is not None else {}
        headers |= {"Accept-Encoding": "identity"} if into is not None else {"Content-Type": "application/json"}
        shown = unsigned(path).removeprefix(self._base)
        asked = {"method": method, "host": self.host, "path": self._mask.clean(shown)}
        try:
            each = min(within, self._patience.silent or within)
            timeout = httpx.Timeout(each, connect=self._patience.connect_seconds, pool=None)
            given: dict[str, Any] = {"content": content, "params": query, "headers": headers, "timeout": timeout}
            with (
                trace.timed("request.ended", **asked, status=None) as told,
                self._http.stream(method, path, **given) as response,
                self._ending(response, begun + within),
            ):
                if into is None:
                    text = self._mask.clean_all(self._body(response, begun + within))
                elif response.is_success:
                    text = ""
                    into.seek(0)
                    into.truncate()
                    into.writelines(response.iter_raw())
                else:
                    text = response.reason_phrase
                told["status"] = status = response.status_code
                said = response.headers
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RequestNotSent(self._mask.clean(f"{self.host} could not be reached: {_words(error)}")) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise RequestLost(self._mask.clean(f"{self.host} did not answer {shown}: {_words(error)}")) from None
        return self._answer(shown, status, said, text)

    @contextmanager
    def _ending(self, response: httpx.Response, until: float) -> Iterator[None]:
        """End the connection when the time is over: an answer that comes byte by byte would else last for as long again
        as a byte may."""
        stream = response.extensions.get("network_stream")
        found = stream.get_extra_info("socket") if stream is not None else None

        def end() -> None:
            with suppress(OSError):
                cast(Any, found).shutdown(SHUT_RDWR)

        timer = Timer(max(until - self._clock(), 0), end)
        timer.daemon = True
        if found is not None:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _body(self, response: httpx.Response, until: float) -> str:
        """The whole text of an answer, within the time and the size that one may have."""
        seconds, size, parts = self._patience.answer_seconds, 0, []
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise RequestLost(f"{self.host} answers without end")
            if self._clock() > until:
                raise RequestLost(f"{self.host} did not finish its answer in {seconds:.0f} s")
        whole = b"".join(parts)
        try:
            return whole.decode("utf-8")
        except UnicodeDecodeError:
            if response.is_success:
                raise RequestLost(f"{self.host} answers in another encoding than UTF-8") from None
            return whole.decode("utf-8", "replace")

    def _answer(self, path: str, status: int, headers: Mapping[str, str], text: str) -> Any:
        if 200 <= status < 300:
            if not text.strip():
                return {}
            try:
                data = decode(text)
                if _HALF.search(text):
                    encode(data).encode()  # half a character is no text: it could not be said again
            except (ValueError, RecursionError):
                message = f"{self.host} answered {path} with what is no JSON; it may have been cut off"
                raise RequestLost(message) from None
            return data
        said = self._error_message(text)
        why = said or "it does not say why"
        if status >= 500 or status == 408:
            raise RequestLost(f"{self.host} answered {path} with {status}: {why}")
        seconds = _retry_after(headers.get("Retry-After", ""))
        limited = status == 429 or (status == 403 and (seconds is not None or headers.get(REMAINING) == "0"))
        if limited:
            message = f"{self.host} says that requests come too fast: {why}"
        elif 300 <= status < 400:
            where = self._mask.clean(unsigned(headers.get("Location", "")))[:300]
            message = f"{self.host} sends {path} elsewhere ({status}){f', to {where}' if where else ''}"
        else:
            message = f"{self.host} refuses {path} with {status}: {why}"
        raise RequestRefused(message, status, said, limited=limited, seconds=seconds)

    def _error_message(self, text: str) -> str:
        """What the server says is wrong, short and without the token."""
        try:
            data = decode(text)
        except (ValueError, RecursionError):
            data = text
        found = data.get("message") if isinstance(data, dict) else None
        said = self._mask.clean(found if isinstance(found, str) else text).strip()
        return said[:300] + "…" if len(said) > 300 else said


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a character beyond the first 65,536, as JSON escapes it: mostly the other half follows."""
REMAINING = "X-RateLimit-Remaining"
"""How many requests are left until a limit; GitHub answers 403 where others say 429."""


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
