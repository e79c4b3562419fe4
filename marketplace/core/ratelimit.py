"""Exact rate limits: at most N hits in any window of that length, whatever the number of processes.

A key's hits are a list of instants in Redis, never longer than the limit; one Lua call drops what has left the window,
decides and counts. Several keys are counted together or not at all. A refused hit does not count.

    await ratelimit.hit("login", f"{email}|{address}")       # RateLimited (429) when there were too many

When Redis is away, limits that guard accounts are counted in Postgres, and all others let pass.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from marketplace.core import kv, ratelimit_hits
from marketplace.core.config import ConfigError, settings
from marketplace.core.errors import RateLimited

log = structlog.get_logger(__name__)

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
AWAY_SECONDS: Final = 1.0
"""After a failed call, Redis is not asked again for this long."""

SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left, reset, wait, refused = {}, {}, 0, 0
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local oldest = redis.call('LINDEX', key, 0)
    while oldest and tonumber(oldest) <= now - window do
        redis.call('LPOP', key)
        oldest = redis.call('LINDEX', key, 0)
    end
    local used = redis.call('LLEN', key)
    left[i] = limit - used
    reset[i] = oldest and tonumber(oldest) + window - now or window
    if used >= limit and reset[i] > wait then
        wait, refused = reset[i], i
    end
end
if refused == 0 then
    for i, key in ipairs(KEYS) do
        redis.call('RPUSH', key, string.format('%.0f', now))
        redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 * i]) / 1000))
        left[i] = left[i] - 1
    end
end
return {refused, wait, left, reset}
"""


class Limit(Struct, frozen=True):
    """`count` hits in any `seconds`; a count of 0 is no limit. A `closed` one is counted whatever is away."""

    name: str
    count: int
    seconds: int
    closed: bool = False


class Standing(Struct, frozen=True):
    """Where a caller stands with a limit after a hit; `reset` is the seconds until the oldest hit leaves the window."""

    limit: Limit
    left: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit.count),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.reset),
        }


_limits: dict[str, Limit] = {}
_overrides: dict[str, str] | None = None
_in_force: dict[str, Limit] = {}
_away_until = 0.0


def define(name: str, rate: str, *, closed: bool = False) -> None:
    """Declare a limit and its default rate, such as "5/15m"; the setting MARKETPLACE_RATE_LIMITS may say otherwise."""
    _limits[name] = _parsed(name, rate, closed)


def _parsed(name: str, rate: str, closed: bool = False) -> Limit:
    count, _, period = rate.strip().partition("/")
    if count == "off" and not period:
        return Limit(name, 0, 1, closed)
    number = period[:-1] or "1"
    if not (count.isdecimal() and int(count) and period[-1:] in UNITS and number.isdecimal() and int(number)):
        raise ConfigError(f"MARKETPLACE_RATE_LIMITS: {name}={rate} should be like {name}=5/15m or {name}=off")
    return Limit(name, int(count), int(number) * UNITS[period[-1]], closed)


def parse(text: str) -> dict[str, str]:
    """The setting's rates by name. Raises ConfigError when one cannot be read."""
    pairs = (part.strip().partition("=") for part in text.split(",") if part.strip())
    rates = {name.strip(): rate for name, _, rate in pairs}
    for name, rate in rates.items():
        _parsed(name, rate)
    return rates


def limit(name: str) -> Limit:
    """The limit in force: the setting's, else the default."""
    global _overrides
    if _overrides is None:
        _overrides = parse(settings().rate_limits)
    if name not in _in_force:
        default = _limits[name]
        rate = _overrides.get(name, _overrides.get("*"))
        _in_force[name] = default if rate is None else _parsed(name, rate, default.closed)
    return _in_force[name]


@contextmanager
def using(rates: str) -> Iterator[None]:
    """Other limits for a while, in the setting's syntax. For tests: `with ratelimit.using("login=2/m"): ...`"""
    global _overrides
    before, _overrides = _overrides, parse(rates)
    _in_force.clear()
    try:
        yield
    finally:
        _overrides = before
        _in_force.clear()


define("login", "5/15m", closed=True)
define("register", "3/h", closed=True)
define("password_reset", "5/h", closed=True)
define("gig_create", "10/h")
define("gig_update", "100/h")
define("messages", "60/m")
define("uploads", "10/m")
define("payments", "20/m")  # who tries stolen cards tries many
define("api", "100/m")
define("anonymous", "20/m")
define("premium", "5000/h")


async def hit(name: str, *keys: str) -> Standing | None:
    """Count one hit for each key. Raises RateLimited when any of them has had its share, and then counts none.

    Returns the tightest standing, or None when there is no limit or it could not be counted.
    """
    return await count([(name, key) for key in keys])


async def count(hits: Sequence[tuple[str, str]]) -> Standing | None:
    """Count one hit for each (limit, key) together, in one round trip. See `hit`."""
    counted = [(found, key) for found, key in ((limit(name), key) for name, key in hits) if found.count]
    if not counted:
        return None
    if time.monotonic() < _away_until:
        await _count_without_redis(counted)
        return None
    try:
        refused, wait, left, reset = await _script(kv.client())(
            keys=[_key(found, key) for found, key in counted],
            args=[part for found, _ in counted for part in (found.count, found.seconds * 1_000_000)],
        )
    except (RedisError, OSError) as error:
        _note_away(error)
        await _count_without_redis(counted)
        return None
    if refused:
        found = counted[refused - 1][0]
        raise _refusal(Standing(found, 0, _seconds(wait)))
    i = min(range(len(counted)), key=lambda i: left[i])
    return Standing(counted[i][0], left[i], _seconds(reset[i]))


def _note_away(error: Exception) -> None:
    global _away_until
    _away_until = time.monotonic() + AWAY_SECONDS
    log.warning("ratelimit.redis_away", error=repr(error))


async def _count_without_redis(counted: Sequence[tuple[Limit, str]]) -> None:
    guarded = [(found, key) for found, key in counted if found.closed]
    if not guarded:
        return
    refused = await ratelimit_hits.count([(_key(found, key), found.count, found.seconds) for found, key in guarded])
    if refused is not None:
        which, wait = refused
        raise _refusal(Standing(guarded[which][0], 0, max(1, math.ceil(wait))))


def _key(found: Limit, key: str) -> str:
    return f"{kv.namespace()}:limit:{found.name}:{found.seconds}:{key}"


def _refusal(standing: Standing) -> RateLimited:
    found = standing.limit
    return RateLimited(
        f"Too many requests: {found.count} in {spoken(found.seconds)} are allowed. Try again in {spoken(standing.reset)}.",
        headers={"Retry-After": str(standing.reset), **standing.headers},
        limit=found.name,
        allowed=found.count,
        window_seconds=found.seconds,
        retry_after=standing.reset,
    )


def spoken(seconds: int) -> str:
    """90 is "90 seconds", 900 is "15 minutes"."""
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % unit == 0 and seconds >= unit:
            return f"{seconds // unit} {name}{'s' if seconds > unit else ''}"
    return "a moment"


async def forget(name: str, *keys: str) -> None:
    """Start over: after a right password, the wrong ones before it no longer count."""
    found = limit(name)
    if not keys or not found.count:
        return
    counters = [_key(found, key) for key in keys]
    if time.monotonic() < _away_until:
        await ratelimit_hits.forget(counters)
        return
    try:
        await kv.client().delete(*counters)
    except (RedisError, OSError) as error:
        _note_away(error)
        await ratelimit_hits.forget(counters)


def _seconds(microseconds: int) -> int:
    return max(1, math.ceil(microseconds / 1_000_000))


@lru_cache(maxsize=1)
def _script(client: Redis) -> AsyncScript:
    return client.register_script(SCRIPT)


def known() -> Mapping[str, Limit]:
    """Every limit by name, as in force."""
    return {name: limit(name) for name in _limits}
