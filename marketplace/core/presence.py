"""How many sockets are in a room, over all processes: counts of the moment, kept in Redis with an expiry.

Each process writes its own count and adds up everybody's. Changes are told at most once a second a room; a process that
dies is forgotten after `STALE_SECONDS`. Without Redis a process tells its own count.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from msgspec import Struct
from redis.exceptions import RedisError

from marketplace.core import kv, live
from marketplace.core.ids import uuid7
from marketplace.core.loops import end

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 1.0
BEAT_SECONDS: Final = 10.0
STALE_SECONDS: Final = 30.0
ME: Final = uuid7().hex


class Present(Struct, frozen=True, tag="presence"):
    count: int


_here: Counter[str] = Counter()
_changed: set[str] = set()
_told: dict[str, int] = {}


@asynccontextmanager
async def counted(room: str) -> AsyncIterator[None]:
    """Count one socket in the room while inside."""
    _here[room] += 1
    _changed.add(room)
    try:
        yield
    finally:
        _here[room] -= 1
        if not _here[room]:
            del _here[room]
        _changed.add(room)


@asynccontextmanager
async def nobody() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def telling() -> AsyncIterator[None]:
    """Tell rooms of changes while inside."""
    task = asyncio.create_task(_tell_for_ever(), name="presence")
    try:
        yield
    finally:
        await end(task)


async def _tell_for_ever() -> None:
    beat = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await tell()
            if time.monotonic() - beat >= BEAT_SECONDS:
                beat = time.monotonic()
                await tell(beating=True)
        except Exception as error:
            log.warning("presence.failed", error=repr(error))


async def tell(beating: bool = False) -> None:
    """Write the counts that changed here, add up everybody's, and tell the rooms. `beating`: all rooms, only news."""
    rooms = list(_here if beating else _changed)
    if not beating:
        _changed.clear()
    if not rooms:
        return
    totals = {room: _here[room] for room in rooms}
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        totals = await _share(rooms)
    for room, total in totals.items():
        if total and not (beating and _told.get(room) == total):
            live.whisper(live.channel(room), Present(total))
        if _here[room]:
            _told[room] = total
        else:
            _told.pop(room, None)


async def _share(rooms: list[str]) -> dict[str, int]:
    now = time.time()
    async with kv.client().pipeline(transaction=False) as pipe:
        for room in rooms:
            key = f"{kv.namespace()}:presence:{room}"
            if _here[room]:
                pipe.hset(key, ME, f"{_here[room]} {now:.0f}")
            else:
                pipe.hdel(key, ME)
            pipe.expire(key, int(STALE_SECONDS * 2))
            pipe.hgetall(key)
        answers = await pipe.execute()
    return {room: _sum(entries, now) for room, entries in zip(rooms, answers[2::3], strict=True)}


def _sum(entries: dict[bytes, bytes], now: float) -> int:
    total = 0
    for entry in entries.values():
        number, at = entry.split()
        if now - float(at) < STALE_SECONDS:
            total += int(number)
    return total
