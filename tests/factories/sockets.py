"""The application on a real port, in this loop, and sockets to it: `async with live_server(app) as server`."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import websockets
from websockets.asyncio.client import ClientConnection

PATIENCE = 10.0


class LiveServer:
    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def connect(
        self, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> AsyncIterator["LiveSocket"]:
        """A socket to `path`, e.g. `/ws/auction/<id>/?since=3`."""
        async with websockets.connect(
            f"ws://127.0.0.1:{self.port}{path}", additional_headers=headers or {}, proxy=None, **options
        ) as connection:
            yield LiveSocket(connection)


class LiveSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE))
        self.heard.append(message)
        return message

    async def hear_a(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others before it are kept in `heard`."""
        while (message := await self.hear())["type"] != kind:
            pass
        return message

    async def closed(self) -> int:
        """Wait for the server to close, and say with which code."""

        async def until_closed() -> int:
            try:
                while True:
                    self.heard.append(json.loads(await self.connection.recv()))
            except websockets.ConnectionClosed as closed:
                assert closed.rcvd is not None, "the connection broke without a closing message"
                return closed.rcvd.code

        return await asyncio.wait_for(until_closed(), PATIENCE)


@asynccontextmanager
async def live_server(app: Any) -> AsyncIterator[LiveServer]:
    """Serve an application that is already started."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws_per_message_deflate=False, loop="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield LiveServer(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, PATIENCE)
