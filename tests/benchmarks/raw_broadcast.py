"""The limit of telling a room: an ASGI application that sends what it is posted to every open socket, and nothing else."""

from typing import Any

_sockets: list[Any] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        _sockets.append(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        _sockets.remove(send)
    elif scope["type"] == "http":
        message = await receive()
        event = {"type": "websocket.send", "bytes": None, "text": message["body"].decode()}
        for tell in list(_sockets):
            await tell(event)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
    else:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
