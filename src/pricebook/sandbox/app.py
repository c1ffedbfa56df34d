"""The sandbox as an ASGI application (Starlette). The work is done in threads; waiting is not."""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pricebook.account.refusal import Refused
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Answer, Request, refusal

_PIECES = 10
"""In how many pieces a slow body comes."""

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def application(sandbox: Sandbox, drop: Callable[[object], None]) -> Starlette:
    """The application. `drop` ends the connection of a client, known by its address, without an answer."""

    async def respond(http: HttpRequest) -> Response:
        request = Request(
            http.method,
            http.url.path,
            dict(http.query_params),
            {name.lower(): value for name, value in http.headers.items()},
            await http.body(),
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

    route = Route("/{path:path}", respond, methods=METHODS)
    return Starlette(routes=[route], exception_handlers={Exception: failed})


async def _slowly(answer: Answer, wait: Callable[[float], Awaitable[None]]) -> AsyncIterator[bytes]:
    size = max(1, -(-len(answer.body) // _PIECES))
    for start in range(0, len(answer.body), size):
        await wait(answer.slowly / _PIECES)
        yield answer.body[start : start + size]
