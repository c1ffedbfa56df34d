"""An account for the adapter's tests: the sandbox behind a transport, without a socket, and what was asked of it."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from pricebook.catalog.canonical import decode
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Request

AT = datetime(2025, 10, 1, 9, 30, tzinfo=UTC)
URL = "https://api.vendor.example"


@dataclass(frozen=True)
class Call:
    """One request that the adapter made."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    key: str | None


@dataclass
class Vendor:
    """A sandbox, and what was asked of it. `before` and `after` are called around every request."""

    sandbox: Sandbox
    calls: list[Call] = field(default_factory=list)
    before: Callable[[Call], httpx.Response | None] = lambda call: None
    after: Callable[[Call], None] = lambda call: None
    _nonces: Iterator[int] = field(default_factory=itertools.count)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        text = request.content
        body = decode(text.decode()) if text else None
        query = dict(request.url.params)
        call = Call(request.method, request.url.path, query, body, request.headers.get("Idempotency-Key"))
        self.calls.append(call)
        if (early := self.before(call)) is not None:
            return early
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.sandbox.handle(Request(call.method, call.path, query, headers, text))
        if answer.broken:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        self.after(call)
        return httpx.Response(answer.status, content=answer.body, headers=dict(answer.headers))

    def client(self, token: str | None = None, **more: Any) -> Client:
        """A client of the account; it does not wait, unless told how."""
        options: dict[str, Any] = {
            "requests_per_minute": 1_000_000,
            "concurrency": 4,
            "connect_timeout": 1,
            "read_timeout": 600,  # a busy machine is no slow vendor
            "sleep": lambda seconds: None,
            **more,
        }
        return Client(URL, token or self.sandbox.token, transport=httpx.MockTransport(self.handle), **options)

    def store(self, units: Mapping[str, str] | None = None, token: str | None = None, **more: Any) -> RemoteStore:
        """The account as a store, as another process would have it."""
        nonce = next(self._nonces)
        keys = itertools.count()
        return RemoteStore(
            self.client(token, **more), units or {}, nonce=lambda: f"{nonce}-{next(keys)}", sleep=lambda seconds: None
        )

    def probe(self) -> str:
        """A customer of the account, made when there is none."""

        def asked(method: str, body: bytes) -> Any:
            headers = {"authorization": f"Bearer {self.sandbox.token}", "content-type": "application/json"}
            return decode(self.sandbox.handle(Request(method, "/v1/customers", {}, headers, body)).body.decode())

        there: Any = asked("GET", b"")["data"]
        return str(there[0]["id"] if there else asked("POST", b'{"name": "Probe"}')["data"]["id"])

    @property
    def writes(self) -> list[Call]:
        """The requests that change something."""
        return [call for call in self.calls if call.key is not None]

    def fault(self, *texts: str) -> None:
        """Let these faults happen from now on, and no others."""
        self.sandbox.faults = [Fault.parse(text) for text in texts]

    @contextmanager
    def copied(self) -> "Iterator[Vendor]":
        """Another account that holds the same, of which nothing was asked yet."""
        with vendor() as other:
            self.sandbox.account._connection.backup(other.sandbox.account._connection)
            yield other


@contextmanager
def vendor(**options: Any) -> Iterator[Vendor]:
    """An empty account in memory. Its clock stands still at AT unless it is given one."""
    account = SandboxAccount(None)
    try:
        yield Vendor(Sandbox(account, **{"clock": lambda: AT, **options}))
    finally:
        account.close()
