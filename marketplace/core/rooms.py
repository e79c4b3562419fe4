"""Serve a live room on a socket: a snapshot, then everything said in the room, in order, without holes or repeats.

A domain's `rooms.py` is a WebSocket handler of a few lines (see `accounts.sockets.serve` for who is behind the socket):

    class PlaceBid(Said, tag="place_bid", frozen=True):      # what a client may say; the union of all goes in `hears`
        amount: Amount

    @websocket("/ws/auction/{auction_id:uuid}")
    async def auction_room(socket: Socket, auction_id: FromPath[UUID]) -> None:
        async def enter(visitor: Viewer | None) -> Room:
            await get_auction(auction_id, visitor)            # a refusal becomes an error message and a close code
            return Room(
                name=f"auction:{auction_id}",                 # as in `live.post(f"auction:{auction_id}", BidPlaced(...))`
                snapshot=partial(room_snapshot, auction_id),  # a Struct with tag="snapshot"; gets `seq` put first
                shared=True,                                  # it is the same for everybody: a crowd takes it together
                hears=PlaceBid | Watch, hear=partial(hear, auction_id, visitor), presence=True,
            )
        await serve(socket, enter)

`snapshot` runs in a read-only REPEATABLE READ transaction together with reading the room's number: the law is
snapshot + the messages after it == a fresh snapshot. `hear(message)` is called for one message of the client after the
other; what it returns is sent to this client only, a DomainError it raises is sent as an error message.

On the wire, from the server: `{"seq", "type": "snapshot", ...}`, then `{"seq", "type", ...}`. A client that comes back with
`?since=<last seq>` gets what it missed and then `{"type": "resumed", "seq"}`; if that is too much or too old,
`{"type": "resync"}` and a new snapshot. Numbers grow; one that a client never sees was a message to somebody else.
`{"type": "presence", "count"}` has no number. `{"type": "error", "code", "message", "id"?}`
refuses a message. From the client: `{"type": "ping"}`, answered with `pong` and the server's time, and what the room hears;
`id` on a message comes back with its answer. Closing codes: 4000 + the status a refusal has over HTTP
(4401 signed out or banned, 4404, 4429), 1013 try again, 1001 or 1012 the server restarts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Union

import msgspec
import structlog
from litestar.channels.subscriber import Subscriber
from msgspec import Meta, Struct

from marketplace.core import clock, db, live, presence
from marketplace.core.bodies import decode
from marketplace.core.channels import LiveChannels
from marketplace.core.errors import DomainError, PayloadTooLarge, RateLimited
from marketplace.core.frames import EVERYBODY, RESYNC, UNNUMBERED, Frame
from marketplace.core.order import FILL
from marketplace.core.sockets import GONE, TRY_AGAIN, Connection, Refused

log = structlog.get_logger(__name__)

MAX_MESSAGE: Final = 8 * 1024
RATE: Final = 10.0
BURST: Final = 20.0
"""Messages a second a client may send, and how many at once."""
MOST_REFUSED: Final = 200
"""A client that goes on after so many refusals for speed or size is closed."""

_snapshots = asyncio.Semaphore(4)
"""A thousand sockets that resync at once must not take the whole connection pool."""
_together: dict[str, asyncio.Task[tuple[int, str]]] = {}
"""Shared snapshots that somebody waits for and that have not begun, by room."""


class Crashed(DomainError):
    status_code = 500
    code = "internal_error"
    default_message = "Something went wrong on our side. It has been logged."


class Said(Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """Base of what a client may say. `id`, if sent, comes back with the answer."""

    id: Annotated[str, Meta(max_length=64)] | None = None


class Ping(Said, frozen=True, tag="ping"):
    """Are you there, and what time is it?"""


class Pong(Struct, frozen=True, tag="pong"):
    at: datetime


class Resumed(Struct, frozen=True, tag="resumed"):
    """You have everything up to `seq`."""

    seq: int


class Resync(Struct, frozen=True, tag="resync"):
    """Too much was missed: forget what you had, a snapshot follows."""


class Room(Struct, frozen=True, kw_only=True):
    """What is served on one socket; see the module's docstring."""

    name: str
    snapshot: Callable[[], Awaitable[Struct]]
    hears: Any = None
    hear: Callable[[Any], Awaitable[Struct | None]] | None = None
    presence: bool = False
    shared: bool = False


class _Ref(Struct, frozen=True):
    id: str | None = None


@lru_cache(maxsize=64)
def _language(hears: Any) -> Any:
    return Union[Ping, hears] if hears is not None else Ping  # noqa: UP007 - made at run time


async def serve_room(connection: Connection, channels: LiveChannels, room: Room, since: int | None = None) -> None:
    """Serve until one side ends it. Returns when the client has left; a DomainError says why the server ends it."""
    name = live.channel(room.name)
    async with channels.start_subscription(name) as subscriber:
        reader = _Reader(connection, room, channels, subscriber)
        await reader.begin(since)
        async with presence.counted(room.name) if room.presence else presence.nobody():
            await _until_one_ends(reader.forward(), _receive(connection, room), connection)


async def _until_one_ends(sending: Any, receiving: Any, connection: Connection) -> None:
    tasks = [asyncio.ensure_future(sending), asyncio.ensure_future(receiving)]
    try:
        await asyncio.wait([*tasks, connection.ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, GONE):
            raise result


class _Reader:
    """The sending side: knows the last number this client has seen."""

    def __init__(self, connection: Connection, room: Room, channels: LiveChannels, subscriber: Subscriber) -> None:
        self.connection = connection
        self.room = room
        self.channels = channels
        self.subscriber = subscriber
        self.last = 0

    async def begin(self, since: int | None) -> None:
        """Bring the client up to date: what it missed, or a snapshot. The subscription is open already."""
        if since is None:
            await self._snapshot()
        else:
            self.last = since
            if await self._fill():
                await self.connection.send(Resumed(self.last))
        self.channels.backend.sequencer.start_at(live.channel(self.room.name), self.last)

    async def forward(self) -> None:
        send = self.connection.socket.send
        user = str(self.connection.user_id)
        async for data in self.subscriber.iter_events():
            frame: Frame = data  # type: ignore[assignment] # what our backend delivers
            if frame.seq == self.last + 1:
                self.last = frame.seq
                if frame.to_user == EVERYBODY or frame.to_user == user:
                    await send(frame.event)  # type: ignore[arg-type]
            elif frame.seq == UNNUMBERED:
                await send(frame.event)  # type: ignore[arg-type]
            elif frame.seq == RESYNC:
                await self._resync()
            elif frame.seq > self.last:
                await self._fill()

    async def _fill(self) -> bool:
        missed = await live.missed(self.room.name, self.last, self.connection.user_id, FILL)
        if missed.bodies is None:
            await self._resync()
            return False
        for body in missed.bodies:
            await self.connection.send_text(body)
        self.last = missed.last
        return True

    async def _resync(self) -> None:
        await self.connection.send(Resync())
        await self._snapshot()

    async def _snapshot(self) -> None:
        seq, snapshot = await (_take_together(self.room) if self.room.shared else _take(self.room))
        await self.connection.send_text(snapshot)
        self.last = seq


async def _take(room: Room) -> tuple[int, str]:
    """(number, the snapshot that belongs to it)."""
    async with _snapshots:
        # Whoever asks from here on may have missed what is not in this one.
        _together.pop(room.name, None)
        async with db.transaction("repeatable_read", readonly=True):
            seq = await live.last_seq(room.name)
            snapshot = await room.snapshot()
    return seq, live.numbered(seq, snapshot)


async def _take_together(room: Room) -> tuple[int, str]:
    """As `_take`, but one for all who ask before it begins."""
    taking = _together.get(room.name)
    if taking is None:
        taking = _together[room.name] = asyncio.create_task(_take(room))
        taking.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, even if all have left
    return await asyncio.shield(taking)


async def _receive(connection: Connection, room: Room) -> None:
    language = _language(room.hears)
    allowed, at, refused = BURST, time.monotonic(), 0
    while True:
        raw = await connection.socket.receive_text()
        now = time.monotonic()
        allowed, at = min(BURST, allowed + (now - at) * RATE), now
        if allowed < 1 or len(raw) > MAX_MESSAGE:
            refused += 1
            error: DomainError = RateLimited() if allowed < 1 else PayloadTooLarge("The message is too large.")
            if refused > MOST_REFUSED:
                raise error
            await connection.send(Refused.of(error))
            continue
        allowed -= 1
        await _answer(connection, room, language, raw.encode())


async def _answer(connection: Connection, room: Room, language: Any, raw: bytes) -> None:
    ref: str | None = None
    try:
        message: Said = decode(raw, language)
        ref = message.id
        if isinstance(message, Ping):
            answer: Struct | None = Pong(clock.now())
        else:
            assert room.hear is not None
            answer = await room.hear(message)
    except DomainError as error:
        await connection.send(Refused.of(error, ref or _ref_of(raw)))
        return
    except Exception as error:
        away = db.unavailable(error)
        if away is None:
            log.exception("room.crashed", room=room.name)
        await connection.send(Refused.of(away or Crashed(), ref))
        return
    if answer is not None:
        body = msgspec.json.encode(answer).decode()
        if ref is not None:
            body = f'{{"id":{msgspec.json.encode(ref).decode()},{body[1:]}'
        await connection.send_text(body)


def _ref_of(raw: bytes) -> str | None:
    try:
        return msgspec.json.decode(raw, type=_Ref).id
    except msgspec.MsgspecError:
        return None


def close_code(error: Exception) -> int:
    """4000 + the HTTP status of a refusal; 1013 (try again later) where the service is to blame."""
    if isinstance(error, DomainError) and error.status_code < 500:
        return 4000 + error.status_code
    return TRY_AGAIN
