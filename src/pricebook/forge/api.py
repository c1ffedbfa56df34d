"""One JSON API over HTTP, politely: few attempts, as long a pause as is asked for, and the token said to nobody.

A redirect is not followed, because the token would go with it. A request that may have been carried out is not sent
again blindly: `Unsure` tells the caller to look first. Whatever goes wrong is a Problem without the token in it.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Any
from urllib.parse import urlsplit

from pricebook.problem import Rejected, quote, reject

ATTEMPTS = 4
TIMEOUT = 30.0
LONGEST_WAIT = 120.0
"""Seconds that a server may ask us to wait."""
PAGE = 100
MOST_PAGES = 100
MOST_BYTES = 32 << 20
_LOCAL = ("localhost", "127.0.0.1", "::1")
_HINT = "look at the status page of the host, and run the job again"


class Unsure(Exception):  # noqa: N818 - nothing is known to have failed
    """The answer to a request that creates something was lost: look before it is sent again."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """None: the redirect is the answer."""
        return


class Api:
    """An API below one address, with the headers that carry the token."""

    def __init__(self, base: str, headers: Mapping[str, str], sleep: Callable[[float], None]) -> None:
        parts = urlsplit(base)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
            raise reject("forge", f"{quote(base)} is no https address", hint="the token would be readable on the way")
        self._base, self._headers, self._sleep = base.rstrip("/"), dict(headers), sleep
        self._opener = urllib.request.build_opener(_NoRedirect())

    def get(self, path: str) -> Any:
        """The answer to a question. Raises Rejected."""
        return self._retried("GET", path, None)

    def change(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH or PUT: the same twice is the same once. Raises Rejected."""
        return self._retried(method, path, body)

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST, once. Raises Unsure when nobody knows whether it was carried out, Rejected when it was not."""
        for attempt in range(ATTEMPTS):
            try:
                return self._send("POST", path, body)
            except _Refused as refused:
                if refused.wait is None or attempt + 1 == ATTEMPTS:
                    raise refused.problem() from None
                self._sleep(refused.wait)
            except _Lost as lost:
                self._sleep(2.0**attempt)
                raise Unsure(str(lost)) from None
        raise AssertionError("every attempt ends")

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page after page. Raises Rejected."""
        mark = "&" if "?" in path else "?"
        for page in range(1, MOST_PAGES + 1):
            items = self.get(f"{path}{mark}per_page={PAGE}&page={page}")
            if not isinstance(items, list):
                raise reject("forge", f"{path.partition('?')[0]} answered something that is no list", hint=_HINT)
            yield from items
            if len(items) < PAGE:
                return

    def _retried(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        for attempt in range(ATTEMPTS):
            last = attempt + 1 == ATTEMPTS
            try:
                return self._send(method, path, body)
            except _Refused as refused:
                if refused.wait is None or last:
                    raise refused.problem() from None
                self._sleep(refused.wait)
            except _Lost as lost:
                if last:
                    raise reject("forge", f"{method} {path.partition('?')[0]}: {lost}", hint=_HINT) from None
                self._sleep(2.0**attempt)
        raise AssertionError("every attempt ends")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {**self._headers, "User-Agent": "pricebook", **({"Content-Type": "application/json"} if data else {})}
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return _read(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code >= 500:
                    raise _Lost(f"status {error.code}") from None
                raise _Refused(method, path, error) from None
        except (urllib.error.URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            raise _Lost(quote(reason)) from None


class _Lost(Exception):  # noqa: N818 - see Unsure
    """There was no answer, or one of a server that is not well."""


class _Refused(Exception):  # noqa: N818 - the answer was no
    """The server understood and said no. `wait`: seconds after which to ask again; None: never."""

    def __init__(self, method: str, path: str, error: urllib.error.HTTPError) -> None:
        super().__init__(error.code)
        self.status, self._what = error.code, f"{method} {path.partition('?')[0]}"
        self.wait = _wait(error)
        try:
            said = json.loads(error.read(100_000)).get("message", "")
        except (ValueError, AttributeError, OSError, HTTPException):
            said = ""
        self._said = said if isinstance(said, str) else ""

    def problem(self) -> Rejected:
        """What to tell, with the way out for what is mostly the reason."""
        message = f"{self._what}: {self.status}" + (f", {quote(self._said, 200)}" if self._said else "")
        hint = {
            401: "the token is not accepted",
            403: "the token may not do this: see the permissions in docs/ci.md",
            404: "it does not exist, or the token may not see it: see the permissions in docs/ci.md",
        }.get(self.status, "")
        return reject("forge", message, hint=hint)


def _wait(error: urllib.error.HTTPError) -> float | None:
    """How long a limit asks us to wait; None when it was no limit."""
    if error.code not in (403, 429):
        return None
    asked = error.headers.get("Retry-After", "")
    if asked.isdecimal():
        return min(float(asked), LONGEST_WAIT)
    limited = error.code == 429 or error.headers.get("X-RateLimit-Remaining") == "0"
    return LONGEST_WAIT / 2 if limited else None


def _read(response: HTTPResponse) -> Any:
    text = response.read(MOST_BYTES)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise _Lost("an answer that is no JSON") from None
