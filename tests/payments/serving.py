"""An application of the tests on a socket, and replies that are lost on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send


class Lossy:
    """Loses the replies to the next `drop` requests: the request has had its effect, its sender hears nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.drop = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def lose(message: Any) -> None: ...

        if scope["type"] != "http" or self.drop == 0:
            await self.app(scope, receive, send)
            return
        self.drop -= 1
        await self.app(scope, receive, lose)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextlib.asynccontextmanager
async def served(handlers: Sequence[Any]) -> AsyncIterator[tuple[str, Lossy]]:
    """The address of an application of these handlers, and the line to it."""
    line = Lossy(Litestar(list(handlers), openapi_config=None))
    config = uvicorn.Config(line, host="127.0.0.1", port=0, log_config=None, log_level="critical", lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", line
    finally:
        server.should_exit = True
        await task
