import asyncio
import os
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from marketplace.core import db, kv, ratelimit, ratelimit_hits
from marketplace.core.config import ConfigError
from marketplace.core.edge.addresses import caller
from marketplace.core.errors import RateLimited
from marketplace.core.tables import RateHit


@pytest.fixture
def key() -> str:
    return str(uuid4())


async def outcomes(name: str, key: str, times: int) -> list[bool]:
    results = await asyncio.gather(*(ratelimit.hit(name, key) for _ in range(times)), return_exceptions=True)
    assert all(r is None or isinstance(r, ratelimit.Standing | RateLimited) for r in results)
    return [not isinstance(r, RateLimited) for r in results]


async def test_a_hundred_at_once_get_exactly_the_limit(app, key):
    with ratelimit.using("login=5/15m"):
        assert sum(await outcomes("login", key, 100)) == 5


async def test_several_processes_share_one_count(app, key):
    script = (
        "import asyncio, sys\n"
        "from marketplace.core import ratelimit\n"
        "async def go():\n"
        "    rs = await asyncio.gather(*(ratelimit.hit('login', sys.argv[1]) for _ in range(20)), return_exceptions=True)\n"
        "    print(sum(isinstance(r, ratelimit.Standing) for r in rs))\n"
        "asyncio.run(go())\n"
    )
    environ = os.environ | {"MARKETPLACE_RATE_LIMITS": "login=5/15m"}
    import sys

    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, key, env=environ, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    passed = [int((await process.communicate())[0].split()[-1]) for process in running]
    assert sum(passed) == 5


async def test_a_refusal_says_when_to_come_back_and_does_not_count(app, key):
    with ratelimit.using("uploads=2/10m"):
        await ratelimit.hit("uploads", key)
        standing = await ratelimit.hit("uploads", key)
        assert standing is not None and standing.left == 0
        for _ in range(3):
            with pytest.raises(RateLimited) as refused:
                await ratelimit.hit("uploads", key)
        assert 595 <= int(refused.value.headers["Retry-After"]) <= 600
        assert refused.value.headers["RateLimit-Limit"] == "2"
        assert refused.value.headers["RateLimit-Remaining"] == "0"
        assert refused.value.details["limit"] == "uploads"
        assert await kv.client().llen(f"{kv.namespace()}:limit:uploads:600:{key}") == 2


async def test_a_hit_leaves_the_window_when_it_is_that_old(app, key):
    with ratelimit.using("uploads=3/10m"):
        for _ in range(3):
            await ratelimit.hit("uploads", key)
        name = f"{kv.namespace()}:limit:uploads:600:{key}"
        first = int(await kv.client().lindex(name, 0))
        await kv.client().lset(name, 0, str(first - 600_000_000))
        await ratelimit.hit("uploads", key)
        with pytest.raises(RateLimited):
            await ratelimit.hit("uploads", key)


async def test_several_keys_are_counted_together_or_not_at_all(app, key):
    with ratelimit.using("login=2/m,api=10/m"):
        await outcomes("login", key, 2)
        with pytest.raises(RateLimited) as refused:
            await ratelimit.count([("api", key), ("login", key)])
        assert refused.value.details["limit"] == "login"
        assert await kv.client().llen(f"{kv.namespace()}:limit:api:60:{key}") == 0


async def test_forgetting_starts_over(app, key):
    with ratelimit.using("login=1/m"):
        await ratelimit.hit("login", key)
        await ratelimit.forget("login", key)
        assert await outcomes("login", key, 2) == [True, False]


async def test_without_redis_accounts_are_guarded_as_exactly_and_reading_goes_on(app, tables, key, monkeypatch):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(kv, "client", lambda: away)
    monkeypatch.setattr(ratelimit, "_away_until", 0.0)
    with ratelimit.using("login=5/15m,api=1/m"):
        for _ in range(3):
            assert await ratelimit.hit("api", key) is None
        assert sum(await outcomes("login", key, 20)) == 5
        with pytest.raises(RateLimited) as refused:
            await ratelimit.count([("login", f"{key} fresh"), ("login", key)])
        assert 800 < int(refused.value.headers["Retry-After"]) <= 900
        assert sum(await outcomes("login", f"{key} fresh", 6)) == 5, "counted together or not at all"
        await ratelimit.forget("login", key)
        assert sum(await outcomes("login", key, 6)) == 5
        await db.execute("UPDATE rate_hits SET at = at - interval '15 minutes'")
        assert sum(await outcomes("login", key, 6)) == 5
        await db.execute("UPDATE rate_hits SET at = at - interval '1 day'")
        assert await ratelimit_hits.delete_old_hits() > 0 and await RateHit.count() == 0
    monkeypatch.setattr(ratelimit, "_away_until", 0.0)


async def test_limits_can_be_turned_off(app, key):
    with ratelimit.using("*=off"):
        assert sum(await outcomes("login", key, 50)) == 50
    with ratelimit.using("*=off,login=1/m"):
        assert sum(await outcomes("login", key, 3)) == 1


@pytest.mark.parametrize("rates", ["login", "login=5", "login=0/m", "login=5/x", "login=-1/m", "login=5/0m"])
def test_a_rate_that_cannot_be_read_is_named(rates):
    with pytest.raises(ConfigError, match="MARKETPLACE_RATE_LIMITS"):
        ratelimit.parse(rates)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("1.2.3.4", 5), "1.2.3.4"),
        (("2001:db8:1:2:3:4:5:6", 0), "2001:db8:1:2::"),
        (("::ffff:1.2.3.4", 0), "1.2.3.4"),
        (("fe80::1%eth0", 0), "fe80::"),
        (("not:an:address", 0), "not:an:address"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_network_is_one_caller(client, expected):
    assert caller({"type": "http", "client": client}) == expected  # type: ignore[arg-type]
