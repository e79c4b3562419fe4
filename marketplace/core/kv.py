"""Redis (or Valkey), for what may be lost: caches, rate limits, presence, the queue. The truth is in Postgres."""

from functools import cache

from redis.asyncio import Redis

from marketplace.core.config import settings


@cache
def client() -> Redis:
    """The process's client. A call fails fast when the server is away; callers say what that means to them."""
    return Redis.from_url(settings().redis_url, socket_connect_timeout=1, socket_timeout=2)


async def close() -> None:
    await client().aclose()
