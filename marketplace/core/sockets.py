"""Open WebSockets of this process: who is behind each, how many they may have, and how one is ended from outside."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect
from msgspec import Struct

from marketplace.core import db, live
from marketplace.core.channels import LiveChannels
from marketplace.core.config import settings
from marketplace.core.errors import DomainError, Forbidden, RateLimited
from marketplace.core.loops import end

log = structlog.get_logger(__name__)

Socket: TypeAlias = WebSocket[Any, Any, Any]
SessionCheck: TypeAlias = Callable[[list[UUID]], Awaitable[set[UUID]]]

CONTROL: Final = "control"
CHECK_SECONDS: Final = 3.0
GONE = (WebSocketDisconnect, OSError)
"""What sending raises once the client has left."""

SIGNED_OUT: Final = 4401
TRY_AGAIN: Final = 1013
GOING_AWAY: Final = 1001


class Occupant(Protocol):
    """A signed-in person, as far as sockets care."""

    @property
    def id(self) -> UUID: ...
    @property
    def session_id(self) -> UUID: ...


class TooManySockets(RateLimited):
    code = "too_many_connections"
    default_message = "Too many open connections. Close one first."


class StrangeOrigin(Forbidden):
    code = "origin_not_allowed"
    default_message = "This page may not connect here."


class Refused(Struct, frozen=True, kw_only=True, tag="error", omit_defaults=True):
    """A refusal on a socket. Same codes as over HTTP; `id` is that of the message it answers."""

    id: str | None = None
    code: str
    message: str
    errors: dict[str, list[str]] = {}
    details: dict[str, Any] = {}

    @classmethod
    def of(cls, error: DomainError, ref: str | None = None) -> "Refused":
        return cls(id=ref, code=error.code, message=error.message, errors=error.fields, details=error.details)


class Disconnect(Struct, frozen=True, kw_only=True, tag="disconnect"):
    """Said on the control channel: end this person's sockets, or one session's."""

    user_id: UUID
    session_id: UUID | None = None
    reason: str


class Connection:
    """One open socket. Ended by its client, by `end`, or by what serves it."""

    def __init__(self, socket: Socket, occupant: Occupant | None) -> None:
        self.socket = socket
        self.user_id = occupant.id if occupant else None
        self.session_id = occupant.session_id if occupant else None
        self.address = address_of(socket)
        self.ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def end(self, code: int, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result((code, reason))

    async def send(self, message: Struct) -> None:
        await self.send_text(msgspec.json.encode(message).decode())

    async def send_text(self, text: str) -> None:
        await self.socket.send({"type": "websocket.send", "bytes": None, "text": text})


_open: set[Connection] = set()
_of_user: Counter[UUID] = Counter()
_of_address: Counter[str] = Counter()


def count() -> int:
    """Sockets open in this process."""
    return len(_open)


@contextlib.contextmanager
def registered(connection: Connection) -> Any:
    """Count the connection while it is open. Raises TooManySockets (per account, or per address when anonymous)."""
    config = settings()
    if connection.user_id is not None:
        if _of_user[connection.user_id] >= config.sockets_per_account:
            raise TooManySockets
    elif _of_address[connection.address] >= config.sockets_per_address:
        raise TooManySockets
    _open.add(connection)
    _count(connection, 1)
    try:
        yield
    finally:
        _open.discard(connection)
        _count(connection, -1)


def _count(connection: Connection, step: int) -> None:
    counter: Counter[Any] = _of_address if connection.user_id is None else _of_user
    key = connection.address if connection.user_id is None else connection.user_id
    counter[key] += step
    if not counter[key]:
        del counter[key]


def address_of(socket: Socket) -> str:
    return socket.client.host if socket.client else ""


def check_origin(socket: Socket) -> None:
    """A browser names the page that connects: it must be one of ours. Raises StrangeOrigin. Other clients name none."""
    origin = socket.headers.get("origin")
    if origin is None:
        return
    parts = urlsplit(origin)
    ours = {socket.headers.get("host", ""), urlsplit(settings().public_url).netloc}
    allowed = [page.strip() for page in settings().allowed_origins.split(",")]
    if parts.scheme not in ("http", "https") or (parts.netloc not in ours and origin not in allowed):
        raise StrangeOrigin


def disconnect(user_id: UUID, session_id: UUID | None = None, *, reason: str = "signed_out") -> None:
    """End the sockets of an account, or of one of its sessions, in every process, once this transaction commits.

    At once while Redis is there; else with the next check of sessions, at most `CHECK_SECONDS` later.
    """

    async def tell() -> None:
        message = Disconnect(user_id=user_id, session_id=session_id, reason=reason)
        _obey(message)
        live.whisper(CONTROL, message)

    db.on_commit(tell)


def _obey(message: Disconnect) -> None:
    for connection in _open:
        if connection.user_id == message.user_id and message.session_id in (None, connection.session_id):
            connection.end(SIGNED_OUT, message.reason)


@asynccontextmanager
async def watch(channels: LiveChannels, ended_sessions: SessionCheck) -> AsyncIterator[None]:
    """Obey the control channel, and look every `CHECK_SECONDS` which sessions have ended: one statement a process."""
    tasks = [
        asyncio.create_task(_obey_control(channels), name="sockets.control"),
        asyncio.create_task(_check_sessions(ended_sessions), name="sockets.sessions"),
    ]
    try:
        yield
    finally:
        end_all(GOING_AWAY, "going_away")
        await end(*tasks)


def end_all(code: int, reason: str) -> None:
    for connection in _open:
        connection.end(code, reason)


async def _obey_control(channels: LiveChannels) -> None:
    async with channels.start_subscription(CONTROL) as subscriber:
        async for data in subscriber.iter_events():
            with contextlib.suppress(msgspec.MsgspecError):
                _obey(msgspec.json.decode(data.split(b" ", 2)[2], type=Disconnect))


async def _check_sessions(ended_sessions: SessionCheck) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS * random.uniform(0.8, 1))  # noqa: S311 - jitter
        if not (watched := {c.session_id for c in _open if c.session_id is not None}):
            continue
        try:
            ended = await ended_sessions(list(watched))
        except Exception as error:
            log.warning("sockets.check_failed", error=repr(error))
            continue
        _end_sessions(ended)


def _end_sessions(ended: Iterable[UUID]) -> None:
    gone = set(ended)
    for connection in _open:
        if connection.session_id in gone:
            connection.end(SIGNED_OUT, "signed_out")
