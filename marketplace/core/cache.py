"""A cache of two levels: this process's memory, then Redis. What is cached names tags; an event drops a tag everywhere.

    payload = await cache.get_or_make("categories", load_categories, ttl=3600, tags=("categories",))

    cache.drop_on_commit("categories")          # in the transaction that changes them

A drop counts at once in its own process, and in the others as soon as Redis has told them. When a process cannot hear
Redis, what it holds lives for a second at most. A filling that began before a drop is never served after it: each
entry carries the generations of its tags from before its data was read.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec
import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from marketplace.core import db, kv
from marketplace.core.loops import end

log = structlog.get_logger(__name__)

V = TypeVar("V")
Key = str | tuple[Any, ...]
AWAY = (RedisError, OSError, TimeoutError, asyncio.IncompleteReadError)

AWAY_SECONDS: Final = 1.0
"""How long an entry lives while drops of other processes cannot be heard."""
PING_SECONDS: Final = 0.5
MOST_ENTRIES: Final = 1024


class Entry(Struct, frozen=True):
    value: Any
    stored: float
    expires: float
    epoch: int
    generations: tuple[tuple[str, int], ...]


class Stored(Struct, array_like=True):
    """What lies in Redis: the payload, and the tags' versions from before it was made."""

    versions: list[int]
    payload: bytes


_pack = msgspec.msgpack.Encoder()
_unpack = msgspec.msgpack.Decoder(Stored)


class Cache:
    """One process's view; the module's functions work on the process's own one."""

    def __init__(self) -> None:
        self.enabled = True
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._generations: dict[str, int] = {}
        self._epoch = 0
        self._flying: dict[Key, asyncio.Future[Any]] = {}
        self._untold: dict[str, int] = {}
        self._tell = asyncio.Event()
        self._hearing = False
        self._name = "cache"

    @property
    def hearing(self) -> bool:
        """Whether drops of other processes arrive at once."""
        return self._hearing

    def peek(self, key: Key) -> Any | None:
        """What memory holds, if it still counts."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = monotonic()
        if (
            now >= entry.expires
            or entry.epoch != self._epoch
            or not (self._hearing or now - entry.stored < AWAY_SECONDS)
            or any(self._generations.get(tag, 0) != generation for tag, generation in entry.generations)
        ):
            del self._entries[key]
            return None
        return entry.value

    async def get_or_make(
        self,
        key: Key,
        make: Callable[[], Awaitable[bytes | None]],
        *,
        ttl: float,
        tags: Iterable[str] = (),
        decode: Callable[[bytes], Any] | None = None,
    ) -> Any:
        """The value of `key`; made once however many ask at the same time. A made None is handed out but not kept.

        `decode` turns the payload into what memory holds. An error of `make` reaches everybody who waited for it.
        """
        if not self.enabled:
            payload = await make()
            return payload if decode is None or payload is None else decode(payload)
        value = self.peek(key)
        if value is not None:
            return value
        flying = self._flying.get(key)
        if flying is not None:
            return await asyncio.shield(flying)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._flying[key] = future
        try:
            value = await self._fill(key, make, ttl, tuple(tags), decode or _same)
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # asked for, or the loop complains when nobody waited
            else:
                future.cancel()
            raise
        else:
            future.set_result(value)
            return value
        finally:
            del self._flying[key]

    async def _fill(
        self,
        key: Key,
        make: Callable[[], Awaitable[bytes | None]],
        ttl: float,
        tags: tuple[str, ...],
        decode: Callable[[bytes], Any],
    ) -> Any:
        epoch, generations = self._epoch, tuple((tag, self._generations.get(tag, 0)) for tag in tags)
        name = f"{kv.namespace()}:{self._name}:{key if isinstance(key, str) else ' '.join(map(str, key))}"
        payload, versions = await self._read(name, tags)
        fresh = payload is None
        if payload is None:
            payload = await make()
            if payload is None:
                return None
        value = decode(payload)
        now = monotonic()
        self._entries[key] = Entry(value, now, now + ttl, epoch, generations)
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)
        if fresh and versions is not None:
            await self._write(name, Stored(versions, payload), ttl)
        return value

    async def _read(self, name: str, tags: tuple[str, ...]) -> tuple[bytes | None, list[int] | None]:
        """(payload, versions): the payload if it is of the tags' present versions; no versions when Redis is away."""
        if not self._hearing or any(tag in self._untold for tag in tags):
            return None, None  # Redis may not know yet that what it has was dropped
        try:
            raw, *counts = await kv.client().mget([name, *(self._version_name(tag) for tag in tags)])
        except AWAY:
            return None, None
        versions = [int(count or 0) for count in counts]
        with contextlib.suppress(msgspec.MsgspecError):
            if raw is not None and (stored := _unpack.decode(raw)).versions == versions:
                return stored.payload, versions
        return None, versions

    async def _write(self, name: str, stored: Stored, ttl: float) -> None:
        with contextlib.suppress(*AWAY):
            await kv.client().set(name, _pack.encode(stored), px=max(1, int(ttl * 1000)))

    def _version_name(self, tag: str) -> str:
        return f"{kv.namespace()}:{self._name}:version:{tag}"

    def drop(self, *tags: str) -> None:
        """Everything with one of these tags is made anew. Never raises; what Redis could not be told is told when it is back."""
        for tag in tags:
            self._generations[tag] = self._generations.get(tag, 0) + 1
            self._untold[tag] = self._untold.get(tag, 0) + 1
        self._tell.set()

    def clear(self) -> None:
        """Forget everything, here and for this process in Redis."""
        self._epoch += 1
        self._entries.clear()
        self._name = f"cache:{uuid4().hex[:8]}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear the other processes' drops and tell them ours, for as long as this lasts."""
        client = kv.connect(retries=0)
        tasks = [
            asyncio.create_task(self._listen(client), name="cache.listen"),
            asyncio.create_task(self._telling(client), name="cache.tell"),
        ]
        try:
            yield
        finally:
            await end(*tasks)
            with contextlib.suppress(*AWAY):
                await client.aclose()

    async def _telling(self, client: Redis) -> None:
        while True:
            await self._tell.wait()
            self._tell.clear()
            telling = dict(self._untold)
            try:
                async with client.pipeline(transaction=True) as pipe:
                    for tag in telling:
                        pipe.incr(self._version_name(tag))
                        pipe.publish(self._channel, tag)
                    await pipe.execute()
            except AWAY:
                await asyncio.sleep(0.2)
                self._tell.set()
                continue
            for tag, times in telling.items():
                if self._untold[tag] == times:  # else it was dropped again meanwhile
                    del self._untold[tag]

    @property
    def _channel(self) -> str:
        return f"{kv.namespace()}:cache:drop"

    async def _listen(self, client: Redis) -> None:
        while True:
            pubsub = client.pubsub()
            try:
                await pubsub.subscribe(self._channel)
                await self._hear(pubsub)
            except AWAY as error:
                if self._hearing:
                    log.warning("cache.redis_away", error=repr(error))
            finally:
                self._hearing = False
                with contextlib.suppress(*AWAY):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(0.3)

    async def _hear(self, pubsub: PubSub) -> None:
        silent = 0
        while True:
            message = await pubsub.get_message(timeout=PING_SECONDS)
            if message is None:
                silent += 1
                if silent > 2:
                    raise TimeoutError("Redis has been silent")
                await pubsub.ping()
                continue
            silent = 0
            if message["type"] == "subscribe":
                # Drops may have been missed until now: what is held from before counts no longer.
                self._epoch += 1
                self._hearing = True
            elif message["type"] == "message":
                tag = message["data"].decode()
                self._generations[tag] = self._generations.get(tag, 0) + 1


def _same(payload: bytes) -> bytes:
    return payload


shared: Final = Cache()
get_or_make = shared.get_or_make
drop = shared.drop
clear = shared.clear


def drop_on_commit(*tags: str) -> None:
    """`drop` once the transaction has committed."""

    async def dropping() -> None:
        drop(*tags)

    db.on_commit(dropping)
