"""Live rooms: numbered messages, kept in Postgres, pushed through the channels plugin.

`post` gives a message its number in the caller's transaction and publishes it after commit. A reader that finds a hole
between the last number it saw and the next, for whatever reason (Redis away, a slow client, a killed process), reads
the missing ones from Postgres: nothing depends on a publish having arrived.
"""

from typing import Final
from uuid import UUID

import msgspec
from litestar.channels import ChannelsPlugin
from msgspec import Struct

from marketplace.core import db

KEEP_HOURS: Final = 24

_channels: ChannelsPlugin | None = None


def use(channels: ChannelsPlugin) -> None:
    """The plugin this process publishes through; the application sets it."""
    global _channels
    _channels = channels


def channel(room: str) -> str:
    return f"room:{room}"


async def post(room: str, *messages: Struct, to_user: UUID | None = None) -> int:
    """Say something in a room: to all in it, or to one user only. Returns the last sequence number given out.

    Belongs inside `transaction()`. The message on the wire is the Struct's JSON with `seq` put first.
    """
    assert db.in_transaction(), "post() belongs inside transaction()"
    last = await db.fetch_val(
        "INSERT INTO live_rooms (room, seq) VALUES ($1, $2) "
        "ON CONFLICT (room) DO UPDATE SET seq = live_rooms.seq + EXCLUDED.seq RETURNING seq",
        room, len(messages),
    )  # fmt: skip
    first = last - len(messages) + 1
    bodies = [numbered(first + i, message) for i, message in enumerate(messages)]
    await db.execute(
        "INSERT INTO live_messages (room, seq, to_user, body, created_at) "
        "SELECT $1, $2 + n - 1, $3, b, now() FROM unnest($4::text[]) WITH ORDINALITY AS t(b, n)",
        room, first, to_user, bodies,
    )  # fmt: skip

    async def publish() -> None:
        if _channels is not None:
            for i, body in enumerate(bodies):
                _channels.publish(frame(first + i, to_user, body), channel(room))

    db.on_commit(publish)
    return int(last)


def numbered(seq: int, message: Struct) -> str:
    body = msgspec.json.encode(message).decode()
    return f'{{"seq":{seq},{body[1:]}'


def frame(seq: int, to_user: UUID | None, body: str) -> bytes:
    """What travels through Redis: number and addressee ahead of the body, so that a reader need not parse it."""
    return f"{seq} {to_user or '-'} {body}".encode()


def unframe(data: bytes) -> tuple[int, str, bytes]:
    """(sequence number, user id or "-", body)."""
    seq, to_user, body = data.split(b" ", 2)
    return int(seq), to_user.decode(), body


async def since(room: str, seq: int, user_id: UUID | None, limit: int) -> list[tuple[int, str]]:
    """Up to `limit` messages after `seq` that this user may see, oldest first."""
    rows = await db.fetch(
        "SELECT seq, body FROM live_messages WHERE room = $1 AND seq > $2 AND (to_user IS NULL OR to_user = $3) "
        "ORDER BY seq LIMIT $4",
        room, seq, user_id, limit,
    )  # fmt: skip
    return [(row["seq"], row["body"]) for row in rows]
