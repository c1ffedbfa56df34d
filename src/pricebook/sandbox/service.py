"""One sandbox: token, rate limit, faults, idempotency keys, endpoint, log, in this order, for every request.

It knows nothing of sockets: `handle` takes a request and gives an answer. A server or a test calls it, from any thread.
"""

import hmac
import json
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from typing import IO

import anyio

from pricebook.account.refusal import Refused
from pricebook.apply.ports import StoreError
from pricebook.catalog.canonical import encode as canonical
from pricebook.sandbox import audit
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.call import Call
from pricebook.sandbox.endpoint import Endpoint, find
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.shape import checked
from pricebook.sandbox.wire import Answer, Request, answer, decode, refusal

TOKEN = "sandbox"
"""The token that opens a sandbox unless another one is given."""

KEPT = 100_000
"""Requests that are remembered; a log file has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the request log. No header, no body and no token is in it."""

    number: int
    at: str
    method: str
    path: str
    query: str
    status: int
    """0 when the connection was dropped."""
    fault: str
    replayed: bool
    milliseconds: int


class Sandbox:
    """An account behind the vendor's API. `faults` and `latency` may be changed while it runs."""

    def __init__(
        self,
        account: SandboxAccount,
        *,
        token: str = TOKEN,
        read_only_token: str | None = None,
        latency: float = 0.0,
        rate_limit: float | None = None,
        faults: Iterable[Fault] = (),
        log: IO[str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.account, self.token, self.read_only_token = account, token, read_only_token
        self.latency, self.rate_limit, self.faults = latency, rate_limit, list(faults)
        self.clock, self.wait = clock, wait
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self._number = 0
        self._log = log
        self._lock = Lock()
        self._allowance, self._refilled = 1.0, time.monotonic()

    def handle(self, request: Request) -> Answer:
        """Answer a request, and log it."""
        started = time.monotonic()
        fault = self._fault(request.path)
        replayed = False
        try:
            writes_too = self._check_token(request)
            self._check_rate()
            endpoint, path = find(request.method, request.path)
            if endpoint.writes and not writes_too:
                raise Refused(403, "this token is read-only: it lacks the permission to write")
            found, replayed = self._answered(request, endpoint, path, fault)
        except Refused as refused:
            found = refusal(refused)
            if refused.status == 429:
                found = replace(found, headers={**found.headers, "retry-after": str(self._retry_after())})
        except StoreError as error:
            found = refusal(Refused(503, error.message))
        self._write(request, found, fault, replayed, started)
        return found

    def _check_token(self, request: Request) -> bool:
        """Whether the token may write. Raises Refused (401)."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            for token, writes in ((self.token, True), (self.read_only_token, False)):
                if token is not None and hmac.compare_digest(given.strip().encode(), token.encode()):
                    return writes
        raise Refused(401, "the bearer token is missing or unknown")

    def _check_rate(self) -> None:
        """Raises Refused (429) when there were more requests than `rate_limit` a second."""
        if self.rate_limit is None:
            return
        with self._lock:
            now = time.monotonic()
            gained = (now - self._refilled) * self.rate_limit
            self._allowance, self._refilled = min(max(1.0, self.rate_limit), self._allowance + gained), now
            if self._allowance < 1:
                raise Refused(429, f"rate limit exceeded: {self.rate_limit:g} requests a second")
            self._allowance -= 1

    def _retry_after(self) -> int:
        """Whole seconds until there is room for another request."""
        if self.rate_limit is None:
            return 1
        return max(1, math.ceil((1 - self._allowance) / self.rate_limit))

    def _fault(self, path: str) -> Fault | None:
        """The first fault that hits; every fault counts the request."""
        with self._lock:
            hits = [fault for fault in self.faults if fault.hits(path)]
        return hits[0] if hits else None

    def _answered(
        self, request: Request, endpoint: Endpoint, path: dict[str, str], fault: Fault | None
    ) -> tuple[Answer, bool]:
        key = request.headers.get("idempotency-key") if endpoint.writes else None
        if fault is not None and fault.before:
            found = self._broken(fault, None)
            if key is not None and fault.status is not None and fault.status != 429:
                self._keep(key, request, found)
            return found, False
        stored = self._stored(key, request) if key is not None else None
        if stored is not None:
            return self._broken(fault, stored) if fault is not None else stored, True
        try:
            found = self._done(request, endpoint, path, key, fault)
        except Refused as refused:
            found = refusal(refused)
            # "If the request begins executing (it passes validation ...)", the vendor's page on idempotency
            if key is not None and refused.status != 400:
                self._keep(key, request, found)
            if fault is not None:
                found = self._broken(fault, found)
        return found, False

    def _done(
        self, request: Request, endpoint: Endpoint, path: dict[str, str], key: str | None, fault: Fault | None
    ) -> Answer:
        """Do what the request asks. What is kept under its key is in the same transaction."""
        body = checked(endpoint.name, decode(request.body) if request.body.strip() else {})
        with self.account.transaction(self._now(), writes=endpoint.writes) as work:
            data = endpoint.answer(Call(work, body, request.query, path))
            if endpoint.writes:
                audit.remember(work, endpoint.name, data)
            made = answer(data) if data is not None else Answer(200, b"")
            found = self._broken(fault, made) if fault is not None else made
            if key is not None:
                kept = found if fault is not None and fault.status is not None else made
                work.run(_KEEP, key, _digest(request), kept.status, kept.body, work.now)
        return found

    def _broken(self, fault: Fault, made: Answer | None) -> Answer:
        """What the client gets of an answer."""
        if fault.kind == "echo":
            return refusal(Refused(500, f"internal error while handling Authorization: Bearer {self.token}"))
        if fault.status == 429:
            return replace(
                refusal(Refused(429, "too many requests")),
                headers={"content-type": "application/json", "retry-after": "1"},
            )
        if fault.status is not None:
            return refusal(Refused(fault.status, "internal error"))
        if made is None or fault.kind == "drop-after":
            return Answer(0, b"", broken=True)
        if fault.kind == "truncate":
            return replace(made, body=made.body[: len(made.body) // 2])
        return replace(made, slowly=float(fault.kind.partition("=")[2]))

    def _stored(self, key: str, request: Request) -> Answer | None:
        """The answer that is kept under a key. Raises Refused (409) when the key came with another request."""
        with self.account.transaction(self._now(), writes=False) as work:
            row = work.one("SELECT digest, status, body FROM idempotency WHERE key = ?", key)
        if row is None:
            return None
        if row[0] != _digest(request):
            raise Refused(409, "the idempotency key was used for another request")
        return Answer(row[1], row[2], {"content-type": "application/json"} if row[2] else {})

    def _keep(self, key: str, request: Request, found: Answer) -> None:
        with self.account.transaction(self._now(), writes=True) as work:
            work.run(_KEEP, key, _digest(request), found.status, found.body, work.now)

    def _now(self) -> str:
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _write(self, request: Request, found: Answer, fault: Fault | None, replayed: bool, started: float) -> None:
        with self._lock:
            self._number += 1
            entry = Entry(
                number=self._number,
                at=self._now(),
                method=request.method,
                path=request.path,
                query="&".join(f"{name}={value}" for name, value in request.query.items()),
                status=found.status,
                fault=fault.kind if fault is not None else "",
                replayed=replayed,
                milliseconds=round((time.monotonic() - started) * 1000),
            )
            self.entries.append(entry)
            if self._log is not None:
                fields = {name: getattr(entry, name) for name in Entry.__slots__}
                self._log.write(json.dumps(fields) + "\n")
                self._log.flush()


_KEEP = "INSERT OR IGNORE INTO idempotency (key, digest, status, body, at) VALUES (?, ?, ?, ?, ?)"


def _digest(request: Request) -> str:
    """Of what is asked: the same for bodies that differ in layout only."""
    try:
        body = canonical(decode(request.body)) if request.body.strip() else ""
    except Refused:
        body = request.body.hex()
    return sha256(f"{request.method} {request.path} {sorted(request.query.items())} {body}".encode()).hexdigest()
