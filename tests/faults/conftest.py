"""Running processes with a database and a Redis of their own, for tests that break things."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests import conftest, instances, servers
from tests.emptying import empty_tables
from tests.faults.valkey import Valkey
from tests.instances import Instance

Start = Callable[..., Instance]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Redis of this test's own."""
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.go_on()
    server.kill()


@pytest.fixture(scope="session")
def database_url(app: object) -> Iterator[str]:
    """A migrated database beside the one that other tests work on."""
    with servers.database(conftest.BASE_URL, f"{conftest.DATABASE}_fault") as url:
        migration = instances.launch("migrate", environ={"DATABASE_URL": url})
        assert migration.process.wait(instances.PATIENCE) == 0, migration.said
        yield url


@pytest.fixture
async def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The database, empty, that `db` and the factories of this process work on for the length of the test; its URL."""
    from marketplace.core import db

    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool:
        monkeypatch.setattr(db.DB, "pool", pool)
        await db.retrying(empty_tables)
        yield database_url
        monkeypatch.undo()


@pytest.fixture
def start(database_url: str, valkey: Valkey) -> Iterator[Start]:
    """`start()` a whole service that answers, `start(worker=True)` a worker that knows `tests.faults.deeds`."""
    started: list[Instance] = []

    def one(worker: bool = False, **environ: str) -> Instance:
        environ = {
            "DATABASE_URL": database_url, "REDIS_URL": valkey.url, "MARKETPLACE_WORKER_IN_PROCESS": "true",
        } | environ  # fmt: skip
        if worker:
            command = (sys.executable, "-m", "tests.faults.worker")
            instance = instances.launch(environ=environ, command=command)
        else:
            instance = instances.serve("--no-demo", environ=environ)
        started.append(instance)
        return instance

    yield one
    for instance in started:
        instance.kill()
        print(instance.said)  # pytest shows it when the test failed
