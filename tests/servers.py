"""PostgreSQL and Redis for the tests: the embedded ones, or those that DATABASE_URL and REDIS_URL name.

Whichever they are, a run works in databases it made itself and in a numbered Redis database that was empty, so a
developer's own data is never touched and runs do not meet.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import redis

from marketplace.core import embedded

ROOT = Path(__file__).resolve().parents[1]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
HOST = sha256(socket.gethostname().encode()).hexdigest()[:6]
PREFIX = f"marketplace_test_{HOST}_{os.getpid()}_{WORKER}"
HANDED_DOWN = "PYTEST_BASE_URLS"
_CLAIM = "marketplace:test-database:{}"


@contextlib.contextmanager
def base_urls() -> Iterator[tuple[str, str]]:
    """URLs of a PostgreSQL and a Redis, starting those the environment does not name. Run by pytest, both have to answer."""
    if started := os.environ.get(HANDED_DOWN):  # by the process that started this one as its pytest-xdist worker
        database_url, redis_url = started.split()
        yield database_url, redis_url
        return
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if database_url and redis_url:
        yield database_url, redis_url
        return
    home = ROOT / ".data" / "test"
    with embedded.servers(home, postgres=not database_url, valkey=not redis_url, fsync=False) as place:
        yield database_url or place.database_url, redis_url or place.redis_url


def named(url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path="/" + database))


def fetch(url: str, sql: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


@contextlib.contextmanager
def database(base_url: str, name: str) -> Iterator[str]:
    """An empty database that exists for the length of the block; its URL. Its commits do not wait for the disk."""
    fetch(base_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    fetch(base_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield named(base_url, name)
    finally:
        fetch(base_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def drop_leftovers(base_url: str) -> None:
    """Databases of runs on this machine that were killed."""
    for row in fetch(base_url, f"SELECT datname FROM pg_database WHERE datname LIKE 'marketplace_test_{HOST}_%'"):
        if not _is_alive(int(row["datname"].split("_")[3])):
            fetch(base_url, f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')


@contextlib.contextmanager
def redis_database(base_url: str) -> Iterator[str]:
    """The URL of a Redis database that was empty, ours until the block ends.

    Claims are kept in the database that the URL itself names, with the claimer's host and process, so that what a
    killed run left behind is taken over by the next.
    """
    owner = f"{socket.gethostname()} {os.getpid()}"
    with contextlib.closing(redis.Redis.from_url(base_url, decode_responses=True)) as base:
        number = _claim(base, base_url, owner)
        url = _numbered(base_url, number)
        try:
            yield url
        finally:
            _flush(url)
            base.delete(_CLAIM.format(number))


def _claim(base: "redis.Redis", base_url: str, owner: str, patience: float = 60) -> int:
    numbers = set(range(int(base.config_get("databases")["databases"])))
    numbers.discard(int(base.get_connection_kwargs().get("db") or 0))
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for number in sorted(numbers, reverse=True):
            if _take(base, _numbered(base_url, number), _CLAIM.format(number), owner):
                return number
        time.sleep(1)
    raise RuntimeError("Every numbered database of this Redis holds something. Give the tests a Redis of their own.")


def _take(base: "redis.Redis", url: str, key: str, owner: str) -> bool:
    with contextlib.closing(redis.Redis.from_url(url)) as candidate:
        if base.set(key, owner, nx=True):
            if candidate.dbsize() == 0:
                return True
            base.delete(key)
            return False
        before = base.get(key)
        if before and _is_dead(before) and base.eval(TAKE_OVER, 1, key, before, owner):
            candidate.flushdb()
            return True
        return False


TAKE_OVER = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('set', KEYS[1], ARGV[2]) end"


def _is_dead(owner: str) -> bool:
    host, _, pid = owner.rpartition(" ")
    return host == socket.gethostname() and not _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _numbered(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def _flush(url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(url)) as ours:
        ours.flushdb()
