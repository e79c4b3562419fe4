"""A database of its own for the whole run, made by the migrations; every test starts with empty tables."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import httpx
import pytest

BASE_URL = os.environ.setdefault("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/15")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DATABASE = f"marketplace_test_{os.getpid()}_{WORKER}"
os.environ["DATABASE_URL"] = BASE_URL.rpartition("/")[0] + "/" + DATABASE
os.environ.setdefault("MARKETPLACE_WORKER_IN_PROCESS", "false")
os.environ.setdefault(
    "MARKETPLACE_RATE_LIMITS", "*=off"
)  # a test that is about one: `with ratelimit.using("login=2/m")`
FILES = tempfile.mkdtemp(prefix="marketplace-test-")
os.environ.setdefault("MARKETPLACE_HOME", FILES)


async def _admin(statement: str) -> None:
    connection = await asyncpg.connect(BASE_URL)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    from piccolo.apps.migrations.commands.forwards import run_forwards

    asyncio.run(_admin(f'CREATE DATABASE "{DATABASE}"'))
    try:
        asyncio.run(run_forwards("marketplace"))
        yield
    finally:
        asyncio.run(_admin(f'DROP DATABASE "{DATABASE}" WITH (FORCE)'))
        shutil.rmtree(FILES, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _checked_lists() -> None:
    from marketplace.core import pagination

    pagination.checked = True


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
    """Empty tables, and a pool to reach them with. For tests of services, without HTTP."""
    from marketplace.core import db

    names = await db.fetch_val(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    await db.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


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
