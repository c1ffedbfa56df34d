"""Serving a sandbox over HTTP: in the foreground for the command, in a thread for tests.

with serving() as sandbox:
    client = Metronome(bearer_token=sandbox.token, base_url=sandbox.url)

It is an ASGI application (Starlette): the work is done in threads, waiting is not.
"""

import socket
import time
from asyncio import BaseTransport, TimerHandle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, cast

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.service import Entry, Sandbox
from pricebook.sandbox.wire import Answer, Request, refusal

_PIECES = 10
"""In how many pieces a slow body comes."""
LARGEST = 20 * 2**20
"""Bytes of a request's body: two thousand rates need one."""
PATIENCE = 20.0
"""Seconds that a client has for its headers, and again for its body."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Server:
    """A sandbox at an address. The socket is open as soon as this is made; port 0 is any that is free."""

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, patience: float = PATIENCE) -> None:
        self.sandbox = sandbox
        self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # An answer is written in two pieces. Without this the second one waits for the client's acknowledgement of the
        # first, which takes 40 ms; asyncio sees to it only for sockets that it made itself.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.port = host, self._socket.getsockname()[1]
        connections: dict[Any, BaseTransport] = {}
        seconds = patience

        class Protocol(H11Protocol):
            """Remembers its connection, so that it can be ended without an answer, and ends one whose headers do not
            come: what was begun has to be whole in time."""

            late: TimerHandle | None = None

            def connection_made(self, transport: BaseTransport) -> None:
                super().connection_made(cast(Any, transport))
                connections[self.client] = transport
                self.late = self.loop.call_later(seconds, transport.close)

            def data_received(self, data: bytes) -> None:
                if self.late is None and (self.cycle is None or self.cycle.response_complete):
                    self.late = self.loop.call_later(seconds, self.transport.close)
                super().data_received(data)
                if self.late is not None and self.cycle is not None and not self.cycle.response_complete:
                    self.late.cancel()
                    self.late = None

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.client, None)
                if self.late is not None:
                    self.late.cancel()
                super().connection_lost(exc)

        def drop(client: object) -> None:
            connection = connections.get(client)
            if connection is not None:
                cast(Any, connection).abort()

        config = uvicorn.Config(
            _application(sandbox, drop, patience),
            http=Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="error",
            access_log=False,
            timeout_keep_alive=60,
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until interrupted."""
        self._server.run(sockets=[self._socket])

    def start(self) -> Thread:
        """Serve in a thread; returns when requests are answered."""
        thread = Thread(target=self.run, name="pricebook-sandbox", daemon=True)
        thread.start()
        while not self._server.started and thread.is_alive():
            time.sleep(0.005)
        return thread

    def stop(self, thread: Thread) -> None:
        """End the thread of `start`."""
        self._server.should_exit = True
        thread.join(10)
        self._socket.close()


class Served:
    """A sandbox that is being served: `url` and `token` for clients, `fault` and `requests` for tests."""

    def __init__(self, server: Server) -> None:
        self.sandbox = server.sandbox
        self.url, self.token = server.url, server.sandbox.token

    def fault(self, text: str) -> Fault:
        """From now on something goes wrong: `500-after@1:/v1/contracts/create`. Raises ValueError for no fault.

        It counts the requests from here. `sandbox.faults.clear()` ends all of them.
        """
        found = Fault.parse(text)
        self.sandbox.faults.append(found)
        return found

    @property
    def requests(self) -> list[Entry]:
        """The requests so far, oldest first."""
        return list(self.sandbox.entries)


@contextmanager
def serving(store: str | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Iterator[Served]:
    """A sandbox in a thread of this process, with the options of `Sandbox`; in memory unless `store` is a URL."""
    account = SandboxAccount(store)
    try:
        server = Server(Sandbox(account, **options), host, port)
        thread = server.start()
        try:
            yield Served(server)
        finally:
            server.stop(thread)
    finally:
        account.close()


def _application(sandbox: Sandbox, drop: Callable[[object], None], patience: float) -> Starlette:
    """The application. `drop` ends the connection of a client, known by its address, without an answer."""

    async def respond(http: HttpRequest) -> Response:
        try:
            with anyio.fail_after(patience):
                body = await _body(http)
        except (Refused, TimeoutError) as error:  # the rest of it is not waited for
            late = Refused(408, f"the body did not come within {patience:g} seconds")
            answer = refusal(error if isinstance(error, Refused) else late)
            return Response(answer.body, answer.status, {**answer.headers, "connection": "close"})
        request = Request(
            http.method,
            http.url.path,
            dict(http.query_params),
            {name.lower(): value for name, value in http.headers.items()},
            body,
        )
        if sandbox.latency:
            await sandbox.wait(sandbox.latency)
        answer = await run_in_threadpool(sandbox.handle, request)
        if answer.broken:
            drop(http.scope["client"])
            return Response(b"", 500)
        if answer.slowly:
            headers = {**answer.headers, "content-length": str(len(answer.body))}
            return StreamingResponse(_slowly(answer, sandbox.wait), answer.status, headers)
        return Response(answer.body, answer.status, dict(answer.headers))

    async def failed(_: HttpRequest, error: Exception) -> Response:
        answer = refusal(Refused(500, f"the sandbox failed: {type(error).__name__}: {error}"))
        return Response(answer.body, answer.status, dict(answer.headers))

    route = Route("/{path:path}", respond, methods=_METHODS)
    return Starlette(routes=[route], exception_handlers={Exception: failed})


async def _body(http: HttpRequest) -> bytes:
    """The whole body. Raises Refused (413) for one that is too large, before it is read where its length is said."""
    said = http.headers.get("content-length", "0")
    pieces: list[bytes] = []
    size = int(said) if said.isdecimal() else 0
    if size <= LARGEST:
        size = 0
        async for piece in http.stream():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                break
    if size > LARGEST:
        raise Refused(413, f"the body is larger than {LARGEST // 2**20} MiB")
    return b"".join(pieces)


async def _slowly(answer: Answer, wait: Callable[[float], Awaitable[None]]) -> AsyncIterator[bytes]:
    size = max(1, -(-len(answer.body) // _PIECES))
    for start in range(0, len(answer.body), size):
        await wait(answer.slowly / _PIECES)
        yield answer.body[start : start + size]
