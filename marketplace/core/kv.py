"""Redis (or Valkey), for what may be lost: caches, rate limits, presence, the queue. The truth is in Postgres."""

import hashlib
from functools import cache
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway

from marketplace.core.config import settings


class _Honest(AbstractConnection):
    """Says that it is broken in redis-py's words, also where uvloop raises RuntimeError: the peer left in mid-greeting."""

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().send_packed_command(*args, **kwargs)
        except RuntimeError as error:
            raise RedisAway(str(error)) from error


class _Tcp(_Honest, Connection):
    pass


class _Tls(_Honest, SSLConnection):
    pass


class _Unix(_Honest, UnixDomainSocketConnection):
    pass


_KINDS = {SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}


def connect(url: str | None = None, *, timeout: float = 2, retries: int = 1, **options: Any) -> Redis:
    """A client of its own. A call fails fast, with RedisError or OSError, when the server is away."""
    parsed: dict[str, Any] = dict(parse_url(settings().redis_url if url is None else url))
    kind = _KINDS.get(parsed.pop("connection_class", Connection), _Tcp)
    pool = ConnectionPool(
        connection_class=kind, socket_connect_timeout=1, socket_timeout=timeout, retry=Retry(NoBackoff(), retries),
        **parsed, **options,
    )  # fmt: skip
    return Redis.from_pool(pool)


@cache
def client() -> Redis:
    """The process's client; callers say what it means to them when it is away."""
    return connect()  # with one retry at once, for a connection that went stale in the pool


@cache
def namespace() -> str:
    """Where this service's queue, channels and counts lie: services that share Redis share them only with the database."""
    return "marketplace:" + hashlib.sha256(settings().database_url.encode()).hexdigest()[:10]


async def close() -> None:
    await client().aclose()
