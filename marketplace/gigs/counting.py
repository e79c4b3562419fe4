"""Views and clicks, counted without writing on a read.

Reading notes who looked, in this process's memory; once a second that is added up in Redis, where the same visitor counts once in
half an hour; once a minute a job writes what has come together to the gigs, in one statement (`service/tallying`). While Redis
is away, what was noted waits here. Nothing is counted twice, whatever dies; what a dying process or a flushed Redis had not passed
on, at most a minute's, is lost: these are figures, no money.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from marketplace.core import kv
from marketplace.core.edge.addresses import caller
from marketplace.core.edge.watching import watch
from marketplace.core.loops import end
from marketplace.core.seal import derived_key

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 1800
"""Who comes back within this time is the same visit."""
EVERY_SECONDS: Final = 1.0
MOST_NOTED: Final = 20_000
"""Noted and not passed on; a process that is asked for more while Redis is away forgets the rest."""
AT_ONCE: Final = 1_000
ROUTE: Final = "/api/v1/gigs/{gig}"

COUNT: Final = """
for i = 2, #KEYS do
    if redis.call('SET', KEYS[i], '', 'NX', 'EX', ARGV[1]) then
        redis.call('HINCRBY', KEYS[1], ARGV[i], 1)
    end
end
"""
TAKE: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('RENAME', KEYS[1], KEYS[2] .. ARGV[1])
    redis.call('SADD', KEYS[3], ARGV[1])
end
return redis.call('SMEMBERS', KEYS[3])
"""


class Seen(Struct, frozen=True):
    """`what` is `view` or `click`, `gig` its slug or id as it was asked for."""

    what: str
    gig: str
    visitor: str


_noted: dict[Seen, None] = {}


def note(what: str, gig: str, scope: Any) -> None:
    """Somebody looked at a gig, or chose it. Costs no round trip, and never raises."""
    if len(_noted) < MOST_NOTED:
        _noted[Seen(what, gig.lower()[:160], _visitor(scope))] = None


def _note_view(scope: Any) -> None:
    note("view", scope["path"].rstrip("/").rpartition("/")[2], scope)


watch(ROUTE, _note_view)


def _visitor(scope: Any) -> str:
    """A name for who asks that tells nobody who that is: the account, else address and program."""
    user = scope.get("user")
    program = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    who = str(user.id).encode() if user is not None else caller(scope).encode() + b" " + program
    return hashlib.blake2b(who, key=derived_key("visitors"), digest_size=12).hexdigest()


@asynccontextmanager
async def counting() -> AsyncIterator[None]:
    """Pass on what is noted for as long as this lasts, and what is left at its end."""
    task = asyncio.create_task(_pass_on_for_ever(), name="gigs.counting")
    try:
        yield
    finally:
        await end(task)
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await pass_on()


async def _pass_on_for_ever() -> None:
    away = False
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await pass_on()
            away = False
        except (RedisError, OSError, TimeoutError) as error:
            if not away:
                log.warning("gigs.counting_waits", error=repr(error))
            away = True


async def pass_on() -> None:
    """Add what was noted to Redis. An error leaves it noted: what had arrived is not counted again."""
    while _noted:
        some = list(_noted)[:AT_ONCE]
        names = [f"{_prefix()}seen:{one.what}:{one.gig}:{one.visitor}" for one in some]
        await _count(kv.client())(
            keys=[_counts(), *names], args=[AGAIN_SECONDS, *(f"{one.what} {one.gig}" for one in some)]
        )
        for one in some:
            _noted.pop(one, None)


async def take(batch: str) -> list[str]:
    """Set aside what has been counted under this name. Returns the batches that wait to be written: this one, and older ones."""
    waiting: set[bytes] = await _take(kv.client())(
        keys=[_counts(), f"{_counts()}:", f"{_prefix()}batches"], args=[batch]
    )
    return sorted(one.decode() for one in waiting)


async def read(batch: str) -> dict[tuple[str, str], int]:
    """Counts by (what, gig)."""
    counts: dict[bytes, bytes] = await kv.client().hgetall(f"{_counts()}:{batch}")  # type: ignore[misc]
    told = {}
    for name, count in counts.items():
        what, _, gig = name.decode("utf-8", "replace").partition(" ")
        told[what, gig] = int(count)
    return told


async def forget(batch: str) -> None:
    """It has been written."""
    async with kv.client().pipeline(transaction=True) as pipe:
        pipe.delete(f"{_counts()}:{batch}")
        pipe.srem(f"{_prefix()}batches", batch)
        await pipe.execute()


def _prefix() -> str:
    return f"{kv.namespace()}:gigs:"


def _counts() -> str:
    return f"{_prefix()}counts"


@lru_cache(maxsize=1)
def _count(client: Redis) -> AsyncScript:
    return client.register_script(COUNT)


@lru_cache(maxsize=1)
def _take(client: Redis) -> AsyncScript:
    return client.register_script(TAKE)
