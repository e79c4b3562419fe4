"""The messages of each room in order and without holes, for one process.

Publishes arrive out of order (two processes commit one after the other and publish at once), twice, or not at all
(Redis away, a process killed between commit and publish). Postgres has them all. One loop a process compares the last
number handed on in every room with Postgres, in one statement, and reads what is missing in a second one.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from marketplace.core import db
from marketplace.core.frames import RESYNC, UNNUMBERED, Frame, frame

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 0.03
"""How long an earlier message may be overtaken by a later one before it is looked for."""
MOST_WAITING: Final = 512
FILL: Final = 200
"""Most messages of a room read at once; who is farther behind gets a fresh snapshot. Less than a subscriber's backlog."""
ROOM: Final = "room:"


class _Order:
    __slots__ = ("last", "waiting")

    def __init__(self) -> None:
        self.last: int | None = None
        self.waiting: dict[int, Frame] = {}


class Sequencer:
    """Knows, for every channel with listeners in this process, the last number handed on."""

    def __init__(self, deliver: Callable[[str, Frame], None]) -> None:
        self._deliver = deliver
        self._orders: dict[str, _Order] = {}
        self._look = asyncio.Event()

    def follow(self, channel: str) -> None:
        if channel.startswith(ROOM):
            self._orders.setdefault(channel, _Order())

    def forget(self, channel: str) -> None:
        self._orders.pop(channel, None)

    def start_at(self, channel: str, seq: int) -> None:
        """A first listener has seen everything up to `seq`: from there on nothing may be missed."""
        order = self._orders.get(channel)
        if order is not None and order.last is None:
            order.last = seq

    def last(self, channel: str) -> int | None:
        order = self._orders.get(channel)
        return order.last if order else None

    def look_now(self) -> None:
        self._look.set()

    def accept(self, channel: str, new: Frame) -> list[Frame]:
        """What may be handed on now that `new` has arrived: nothing, it, or it and those that waited for it."""
        if new.seq == UNNUMBERED:
            return [new]
        order = self._orders.get(channel)
        if order is None:
            return []
        if order.last is None:
            order.last = new.seq
            return [new]
        if new.seq <= order.last:
            return []
        if new.seq > order.last + 1:
            if len(order.waiting) < MOST_WAITING:
                order.waiting[new.seq] = new
            self._look.set()
            return []
        ready = [new]
        while (following := order.waiting.pop(ready[-1].seq + 1, None)) is not None:
            ready.append(following)
        order.last = ready[-1].seq
        return ready

    async def run(self) -> None:
        """Look for missing messages for as long as the process lives; a database that is away is waited for."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._look.wait()
                    await asyncio.sleep(PATIENCE_SECONDS)
            self._look.clear()
            try:
                await self.catch_up()
            except Exception as error:
                log.warning("live.catch_up_failed", error=repr(error))
                await asyncio.sleep(0.5)

    async def catch_up(self) -> None:
        """Hand on what Postgres has and this process has not seen."""
        seen = {name: order.last for name, order in self._orders.items() if order.last is not None}
        if not seen:
            return
        rooms = await db.fetch(
            "SELECT r.room, r.seq, t.last FROM unnest($1::text[], $2::bigint[]) AS t(room, last) "
            "JOIN live_rooms r ON r.room = t.room WHERE r.seq <> t.last",
            [name.removeprefix(ROOM) for name in seen], list(seen.values()),
        )  # fmt: skip
        far = [row for row in rooms if row["seq"] < row["last"] or row["seq"] > row["last"] + FILL]
        for row in far:
            self._start_over(ROOM + row["room"], row["seq"])
        if near := [row for row in rooms if row not in far]:
            await self._fill({row["room"]: row["last"] for row in near})

    async def _fill(self, rooms: dict[str, int]) -> None:
        missing = await db.fetch(
            "SELECT t.room, m.seq, m.to_user, m.body FROM unnest($1::text[], $2::bigint[]) AS t(room, last) "
            "CROSS JOIN LATERAL (SELECT seq, to_user, body FROM live_messages WHERE room = t.room AND seq > t.last "
            "ORDER BY seq LIMIT $3) AS m",
            list(rooms), list(rooms.values()), FILL,
        )  # fmt: skip
        gone = set(rooms)
        for row in missing:
            channel = ROOM + row["room"]
            gone.discard(row["room"])
            order = self._orders.get(channel)
            if order is None or order.last is None or row["seq"] <= order.last:
                continue
            if row["seq"] > order.last + 1:
                self._start_over(channel, row["seq"])  # cleaned away in between
                continue
            for ready in self.accept(channel, Frame(frame(row["seq"], row["to_user"], row["body"]))):
                self._deliver(channel, ready)
        for room in gone:
            if (seq := await db.fetch_val("SELECT seq FROM live_rooms WHERE room = $1", room)) is not None:
                self._start_over(ROOM + room, seq)

    def _start_over(self, channel: str, seq: int) -> None:
        """Too far behind, or numbers that Postgres no longer has: every listener takes a fresh snapshot."""
        order = self._orders.get(channel)
        if order is None:
            return
        order.last = seq
        order.waiting.clear()
        self._deliver(channel, Frame(frame(RESYNC, None, '{"type":"resync"}')))
