"""Redis (or Valkey), for what may be lost: caches, rate limits, presence, the queue. The truth is in Postgres."""

import hashlib
from functools import cache

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from marketplace.core.config import settings


@cache
def client() -> Redis:
    """The process's client. A call fails fast when the server is away; callers say what that means to them."""
    # One retry at once, for a connection that went stale in the pool; the library's default waits for seconds.
    return Redis.from_url(
        settings().redis_url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 1)
    )  # fmt: skip


@cache
def namespace() -> str:
    """Where this service's queue, channels and counts lie: services that share Redis share them only with the database."""
    return "marketplace:" + hashlib.sha256(settings().database_url.encode()).hexdigest()[:10]


async def close() -> None:
    await client().aclose()
