"""A database of its own for the whole run, made by the migrations; every test starts with empty tables."""

import asyncio
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
import redis.asyncio as redis

from tests import instances, servers

# Settings are read when the application is imported, so all of this comes before any test does that.
_stack = contextlib.ExitStack()
BASE_URL, BASE_REDIS_URL = _stack.enter_context(servers.base_urls())
os.environ[servers.HANDED_DOWN] = f"{BASE_URL} {BASE_REDIS_URL}"
DATABASE = servers.PREFIX
os.environ["DATABASE_URL"] = servers.named(BASE_URL, DATABASE)
os.environ["REDIS_URL"] = _stack.enter_context(servers.redis_database(BASE_REDIS_URL))
os.environ["MARKETPLACE_WORKER_IN_PROCESS"] = "false"
# A test that is about a limit says so: `with ratelimit.using("login=2/m")`.
os.environ.setdefault("MARKETPLACE_RATE_LIMITS", "*=off")
# A machine that is busy with other things makes nothing wrong.
os.environ.setdefault("MARKETPLACE_DB_STATEMENT_TIMEOUT_MS", "60000")
FILES = tempfile.mkdtemp(prefix="marketplace-test-")
os.environ["MARKETPLACE_HOME"] = FILES
_stack.callback(shutil.rmtree, FILES, ignore_errors=True)


LONG = (
    "tests/orders/test_escrow_model.py", "tests/races/test_webhook_storm.py", "tests/faults/", "tests/browser/",
    "tests/launch/", "tests/ledger/test_model.py", "tests/races/", "tests/payments/sandbox/test_races.py",
    "tests/test_demo.py", "tests/core/test_shutdown.py", "tests/core/test_migrations.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that none of them is left to one process at the end while the others have nothing."""
    items.sort(key=lambda item: next((i for i, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG)))


def pytest_unconfigure() -> None:
    _stack.close()


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    from marketplace.core import migrations

    if servers.WORKER in ("main", "gw0"):
        servers.drop_leftovers(BASE_URL)
    with servers.database(BASE_URL, DATABASE):
        asyncio.run(migrations.migrate())
        yield


@pytest.fixture(scope="session", autouse=True)
def _as_in_tests() -> None:
    """Lists' JSON is checked against its Struct; nothing is cached, for factories write past the events that drop it.

    Nothing is late: most tests never work off what they ask for, and a busy machine may take minutes for one.
    """
    from marketplace.core import cache, db, invariants, kv, pagination

    kv.client = functools.cache(_patient_redis)
    for rule, statement in invariants.RULES.items():
        invariants.RULES[rule] = statement.replace("1 minute", "1 day")

    db.DB.acquire_timeout = 60.0
    pagination.checked = True
    cache.shared.enabled = False


def _patient_redis() -> "redis.Redis":
    """Two seconds without an answer are a busy machine here, and no Redis that is away: limits would be counted elsewhere."""
    from marketplace.core import kv

    client = kv.connect(timeout=30.0)
    client.connection_pool.connection_kwargs["socket_connect_timeout"] = 30.0
    return client


@pytest.fixture(scope="session")
async def app(_database: None) -> AsyncIterator[object]:
    from marketplace.app import create_app

    application = create_app()
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:  # in a task of its own: a lifespan must end in the task that began it
        async with application.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(live())
    await asyncio.wait([task, waiting := asyncio.create_task(started.wait())], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    yield application
    stop.set()
    await task


@pytest.fixture
async def client(app: object, tables: None) -> AsyncIterator[httpx.AsyncClient]:
    """The application, called in this process; see `tests.factories` for signing in."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


@pytest.fixture
async def tables(app: object) -> None:
    """Empty tables and an empty Redis, and a pool to reach them with. For tests of services, without HTTP."""
    from marketplace.core import db

    await db.retrying(_empty_everything)  # what the application does by itself may hold locks the other way round


async def _empty_everything() -> None:
    from marketplace.core import kv
    from tests.emptying import empty_tables

    await empty_tables()
    await kv.client().flushdb()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Change settings for one test: `configure(smtp_host="127.0.0.1")`."""
    from marketplace.core.config import settings, variable

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(variable(name), str(value))
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture(scope="session")
def _instance(app: object) -> Iterator[instances.Instance]:
    with (
        servers.database(BASE_URL, f"{DATABASE}_server") as database_url,
        servers.redis_database(BASE_REDIS_URL) as redis_url,
    ):
        environ = {
            "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MARKETPLACE_WORKER_IN_PROCESS": "true",
        }  # fmt: skip
        instance = instances.serve("--no-demo", environ=environ)
        yield instance
        instance.terminate()


@pytest.fixture
async def server(_instance: instances.Instance, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[instances.Instance]:
    """A running instance with empty tables, reached at `server.url`.

    For the length of the test, `db` and the factories of this process work on its database; Redis stays apart.
    """
    from marketplace.core import db

    async with asyncpg.create_pool(_instance.environ["DATABASE_URL"], min_size=1, max_size=4) as pool:
        monkeypatch.setattr(db.DB, "pool", pool)
        await db.retrying(_empty_everything)
        yield _instance
        monkeypatch.undo()


@pytest.fixture(scope="session")
def s3() -> Iterator[tuple[str, Any]]:
    """An S3-compatible store on a socket: its address, and a client for its bucket `marketplace`."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket="marketplace")
    yield address, client
    server.stop()
