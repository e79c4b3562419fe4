"""The room protocol, over real sockets."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from litestar import websocket
from litestar.params import FromPath
from msgspec import Struct

from marketplace.accounts.sockets import serve
from marketplace.accounts.viewer import Viewer
from marketplace.core import db, live
from marketplace.core.errors import Conflict, NotFound, NotSignedIn
from marketplace.core.rooms import Room, Said
from marketplace.core.sockets import Socket
from tests.factories.sockets import LiveServer, live_server


class Lines(Struct, tag="snapshot", frozen=True):
    lines: list[str]


class Line(Struct, tag="line", frozen=True):
    text: str


class Heard(Struct, tag="heard", frozen=True):
    text: str


class Speak(Said, tag="speak", frozen=True):
    text: str


class Break(Said, tag="break", frozen=True):
    pass


async def snapshot(name: str) -> Lines:
    rows = await db.fetch("SELECT body FROM live_messages WHERE room = $1 AND to_user IS NULL ORDER BY seq", name)
    return Lines([row["body"] for row in rows])


async def hear(name: str, visitor: Viewer | None, message: Speak | Break) -> Heard | None:
    if isinstance(message, Break):
        raise RuntimeError("broken")
    if visitor is None:
        raise NotSignedIn
    if message.text == "no":
        raise Conflict("Not that.", better="yes")
    async with db.transaction():
        await live.post(name, Line(message.text))
    return Heard(message.text)


@websocket("/ws/test-room/{name:str}")
async def a_room(socket: Socket, name: FromPath[str]) -> None:
    async def enter(visitor: Viewer | None) -> Room:
        if name == "missing":
            raise NotFound
        return Room(
            name=name, snapshot=partial(snapshot, name), hears=Speak | Break,
            hear=partial(hear, name, visitor), presence=name == "crowd",
        )  # fmt: skip

    await serve(socket, enter)


@pytest.fixture(scope="session")
async def server(app) -> AsyncIterator[LiveServer]:
    app.register(a_room)
    async with live_server(app) as running:
        yield running


pytestmark = pytest.mark.usefixtures("tables")


async def tell(room: str, *texts: str, **options) -> None:
    async with db.transaction():
        await live.post(room, *(Line(text) for text in texts), **options)


async def test_a_room_begins_with_a_snapshot_and_goes_on_with_what_is_said(server):
    await tell("r", "a")
    async with server.connect("/ws/test-room/r/") as ws:
        first = await ws.hear()
        assert first["type"] == "snapshot" and first["seq"] == 1 and len(first["lines"]) == 1
        await tell("r", "b", "c")
        assert await ws.hear() == {"seq": 2, "type": "line", "text": "b"}
        assert await ws.hear() == {"seq": 3, "type": "line", "text": "c"}
