import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from marketplace.core import cache, db, kv
from marketplace.core.cache import Cache


async def until(condition, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def two(app) -> AsyncIterator[tuple[Cache, Cache]]:
    """Two processes' caches over one Redis."""
    here, there = Cache(), Cache()
    here.clear()
    there._name = here._name
    async with AsyncExitStack() as stack:
        for one in (here, there):
            await stack.enter_async_context(one.running())
        await until(lambda: here.hearing and there.hearing)
        yield here, there


class Maker:
    def __init__(self, *payloads: bytes) -> None:
        self.payloads, self.made = list(payloads), 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> bytes:
        self.made += 1
        payload = self.payloads[min(self.made, len(self.payloads)) - 1]
        await self.gate.wait()
        return payload


async def test_what_many_ask_for_at_once_is_made_once(two):
    here, _ = two
    maker = Maker(b"v")
    maker.gate.clear()
    asking = [asyncio.create_task(here.get_or_make("k", maker, ttl=60)) for _ in range(50)]
    await until(lambda: maker.made)
    maker.gate.set()
    assert await asyncio.gather(*asking) == [b"v"] * 50
    assert maker.made == 1


async def test_the_second_process_finds_it_in_redis(two):
    here, there = two
    maker = Maker(b"v")
    assert await here.get_or_make("k", maker, ttl=60, tags=("t",)) == b"v"
    assert await there.get_or_make("k", maker, ttl=60, tags=("t",)) == b"v"
    assert maker.made == 1


async def test_a_drop_counts_at_once_here_and_soon_there(two):
    here, there = two
    maker = Maker(b"old", b"new", b"newer")
    for one in two:
        await one.get_or_make("k", maker, ttl=60, tags=("t", "u"))
    here.drop("t")
    assert here.peek("k") is None
    await until(lambda: there.peek("k") is None)
    assert await there.get_or_make("k", maker, ttl=60, tags=("t", "u")) == b"new"
    here.drop("other")
    assert there.peek("k") == b"new"


async def test_a_filling_from_before_a_drop_is_not_served_after_it(two):
    here, there = two
    maker = Maker(b"old", b"new")
    maker.gate.clear()
    filling = asyncio.create_task(here.get_or_make("k", maker, ttl=60, tags=("t",)))
    await until(lambda: maker.made)
    there.drop("t")
    await until(lambda: here._generations.get("t"))
    maker.gate.set()
    assert await filling == b"old"
    assert here.peek("k") is None
    assert await there.get_or_make("k", maker, ttl=60, tags=("t",)) == b"new"


async def test_an_error_reaches_everybody_and_is_not_kept(two):
    here, _ = two
    gate = asyncio.Event()
    made = 0

    async def broken() -> bytes:
        nonlocal made
        made += 1
        await gate.wait()
        raise RuntimeError("broken")

    asking = [asyncio.create_task(here.get_or_make("k", broken, ttl=60)) for _ in range(3)]
    await until(lambda: made)
    gate.set()
    assert [type(r) for r in await asyncio.gather(*asking, return_exceptions=True)] == [RuntimeError] * 3
    assert await here.get_or_make("k", Maker(b"v"), ttl=60) == b"v"


async def test_without_redis_memory_lives_for_a_second(app, monkeypatch):
    alone = Cache()  # never hears anybody
    maker = Maker(b"v", b"w")
    assert await alone.get_or_make("k", maker, ttl=60, tags=("t",)) == b"v"
    assert alone.peek("k") == b"v"
    clock = cache.monotonic
    monkeypatch.setattr(cache, "monotonic", lambda: clock() + cache.AWAY_SECONDS)
    assert alone.peek("k") is None


async def test_time_ends_an_entry(two, monkeypatch):
    here, _ = two
    await here.get_or_make("k", Maker(b"v"), ttl=3)
    clock = cache.monotonic
    monkeypatch.setattr(cache, "monotonic", lambda: clock() + 2)
    assert here.peek("k") == b"v"
    monkeypatch.setattr(cache, "monotonic", lambda: clock() + 3)
    assert here.peek("k") is None


async def test_what_redis_could_not_be_told_is_told_later(two, monkeypatch):
    here, there = two
    await there.get_or_make("k", Maker(b"v"), ttl=60, tags=("t",))
    name = here._version_name("t")
    await kv.client().set(name, "no number")  # INCR fails until it is taken away
    here.drop("t")
    await until(lambda: not here._tell.is_set())
    await asyncio.sleep(0)
    await kv.client().delete(name)
    await until(lambda: there.peek("k") is None)


async def test_a_drop_waits_for_the_commit(tables):
    before = cache.shared._generations.get("t", 0)
    with pytest.raises(RuntimeError):
        async with db.transaction():
            cache.drop_on_commit("t")
            raise RuntimeError
    assert cache.shared._generations.get("t", 0) == before
    async with db.transaction():
        cache.drop_on_commit("t")
    assert cache.shared._generations["t"] == before + 1


async def test_memory_is_bounded(two, monkeypatch):
    here, _ = two
    monkeypatch.setattr(cache, "MOST_ENTRIES", 3)
    for n in range(5):
        await here.get_or_make(f"k{n}", Maker(b"v"), ttl=60)
    assert [n for n in range(5) if here.peek(f"k{n}")] == [2, 3, 4]
