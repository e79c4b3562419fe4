"""Live rooms: numbered messages, kept in Postgres, pushed through channels.

`post` gives a message its number in the caller's transaction and publishes it after commit. A reader that finds a hole
between the last number it saw and the next, for whatever reason (Redis away, a slow client, a killed process), reads
the missing ones from Postgres: nothing depends on a publish having arrived.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db
from marketplace.core.frames import UNNUMBERED, frame
from marketplace.core.order import ROOM

KEEP_HOURS: Final = 24

Speaker: TypeAlias = Callable[[str, bytes], None]

_say: Speaker | None = None


def use(say: Speaker | None) -> None:
    """How this process publishes (`RedisChannels.say`). Without it, rooms hear within a look at Postgres."""
    global _say
    _say = say


def channel(room: str) -> str:
    return ROOM + room


async def post(room: str, *messages: Struct, to_user: UUID | None = None) -> int:
    """Say something in a room: to all in it, or to one user only. Returns the last sequence number given out.

    Belongs inside `transaction()`. The message on the wire is the Struct's JSON with `seq` put first.
    """
    return await post_each(room, [(message, to_user) for message in messages])


async def post_each(room: str, entries: Sequence[tuple[Struct, UUID | None]]) -> int:
    """Say several things in a room, each to all in it or to one user, in one round trip. See `post`."""
    assert db.in_transaction(), "post() belongs inside transaction()"
    bodies = [msgspec.json.encode(message).decode() for message, _ in entries]
    users = [to_user for _, to_user in entries]
    last = await db.fetch_val(
        "WITH room AS (INSERT INTO live_rooms (room, seq) VALUES ($1, $2) "
        "ON CONFLICT (room) DO UPDATE SET seq = live_rooms.seq + EXCLUDED.seq RETURNING seq), "
        "said AS (INSERT INTO live_messages (room, seq, to_user, body, created_at) "
        "SELECT $1, seq - $2 + n, u, '{\"seq\":' || (seq - $2 + n) || ',' || substr(b, 2), now() "
        "FROM room, unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS t(b, u, n)) SELECT seq FROM room",
        room, len(entries), bodies, users,
    )  # fmt: skip
    first = last - len(entries) + 1

    async def publish() -> None:
        if _say is not None:
            for i, (body, to_user) in enumerate(zip(bodies, users, strict=True)):
                _say(channel(room), frame(first + i, to_user, _with_seq(first + i, body)))

    db.on_commit(publish)
    return int(last)


async def post_in_each(messages: Sequence[tuple[str, Struct]]) -> None:
    """Say one thing in each of many rooms, in one statement however many. No room twice. Inside `transaction()`."""
    assert db.in_transaction(), "post_in_each() belongs inside transaction()"
    if not messages:
        return
    # Rooms are numbered in the order of their names, so that two who speak in the same rooms wait and do not deadlock.
    told = await db.fetch(
        "WITH said AS MATERIALIZED (SELECT room, body FROM unnest($1::text[], $2::text[]) AS t(room, body)), "
        "counted AS (INSERT INTO live_rooms (room, seq) SELECT room, 1 FROM said ORDER BY room "
        "ON CONFLICT (room) DO UPDATE SET seq = live_rooms.seq + 1 RETURNING room, seq) "
        "INSERT INTO live_messages (room, seq, to_user, body, created_at) "
        """SELECT c.room, c.seq, NULL, '{"seq":' || c.seq || ',' || substr(s.body, 2), now() """
        "FROM counted c JOIN said s ON s.room = c.room RETURNING room, seq, body",
        [name for name, _ in messages], [msgspec.json.encode(message).decode() for _, message in messages],
    )  # fmt: skip

    async def publish() -> None:
        if _say is not None:
            for row in told:
                _say(channel(row["room"]), frame(row["seq"], None, row["body"]))

    db.on_commit(publish)


async def hold(room: str) -> None:
    """Nobody else says anything in this room until the transaction ends: what is read now and posted then is exact."""
    await db.execute(
        "INSERT INTO live_rooms (room, seq) VALUES ($1, 0) ON CONFLICT (room) DO UPDATE SET seq = live_rooms.seq", room
    )


def numbered(seq: int, message: Struct) -> str:
    return _with_seq(seq, msgspec.json.encode(message).decode())


def _with_seq(seq: int, body: str) -> str:
    return f'{{"seq":{seq},{body[1:]}'


def whisper(name: str, message: Struct) -> None:
    """Say something of the moment on a channel: without a number, kept nowhere, missed by who is not there."""
    if _say is not None:
        _say(name, frame(UNNUMBERED, None, msgspec.json.encode(message).decode()))


async def since(room: str, seq: int, user_id: UUID | None, limit: int) -> list[tuple[int, str]]:
    """Up to `limit` messages after `seq` that this user may see, oldest first."""
    rows = await db.fetch(
        "SELECT seq, body FROM live_messages WHERE room = $1 AND seq > $2 AND (to_user IS NULL OR to_user = $3) "
        "ORDER BY seq LIMIT $4",
        room, seq, user_id, limit,
    )  # fmt: skip
    return [(row["seq"], row["body"]) for row in rows]


class Missed(Struct, frozen=True):
    """What a reader at `seq` has missed: the room's last number, and the messages it may see. None: too many, or gone."""

    last: int
    bodies: list[str] | None


async def missed(room: str, seq: int, user_id: UUID | None, limit: int) -> Missed:
    """Everything said after `seq`, or the news that only a fresh snapshot helps. One statement."""
    row = await db.fetch_row(
        "SELECT coalesce((SELECT seq FROM live_rooms WHERE room = $1), 0) AS last, count(*) AS told, "
        "coalesce(array_agg(body ORDER BY seq) FILTER (WHERE to_user IS NULL OR to_user = $3), '{}') AS bodies "
        "FROM (SELECT seq, to_user, body FROM live_messages WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $4) AS m",
        room, seq, user_id, limit + 1,
    )  # fmt: skip
    assert row is not None
    whole = row["told"] == row["last"] - seq and row["told"] <= limit
    return Missed(row["last"], list(row["bodies"]) if whole else None)


async def last_seq(room: str) -> int:
    return int(await db.fetch_val("SELECT coalesce((SELECT seq FROM live_rooms WHERE room = $1), 0)", room))
