"""Migrations: they make the tables of the code, once, whoever tries and whatever dies."""

import os
import subprocess
import sys

from marketplace.core import migrations
from tests import servers
from tests.conftest import BASE_URL, DATABASE

RUN = """
import asyncio, pathlib, sys
from marketplace.core import migrations
migrations.FOLDER = pathlib.Path(sys.argv[1])
print(len(asyncio.run(migrations.migrate())))
"""
FAILS_HALFWAY = """
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
ID = "2099-01-01T00:00:00:000000"
async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace")
    async def run():
        from marketplace.core.db import DB
        await DB._run_in_new_connection("CREATE TABLE half_made (id int)")
        await DB._run_in_new_connection("SELECT 1 / 0")
    manager.add_raw(run)
    return manager
"""


def migrate(url: str, folder: object = migrations.FOLDER) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)], env=os.environ | {"DATABASE_URL": url}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


async def test_they_make_exactly_the_tables_of_the_code(app):
    from piccolo.apps.migrations.commands.new import AutoMigrationManager

    from marketplace.piccolo_app import APP_CONFIG

    changes = await AutoMigrationManager().get_alter_statements(APP_CONFIG)
    assert [statement for change in changes for statement in change.statements] == []


def test_two_processes_at_once_run_each_of_them_once():
    with servers.database(BASE_URL, f"{DATABASE}_twice") as url:
        both = [migrate(url), migrate(url)]
        assert sorted(int(process.communicate()[0]) for process in both) == [0, len(migrations.known())]
        names = [row["name"] for row in servers.fetch(url, "SELECT name FROM migration")]
        assert len(names) == len(set(names)) == len(migrations.known())


def test_one_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "marketplace_2099_01_01t00_00_00_000000.py").write_text(FAILS_HALFWAY)
    with servers.database(BASE_URL, f"{DATABASE}_fails") as url:
        for _ in range(2):  # the second try meets no table left over from the first
            process = migrate(url, tmp_path)
            assert "division by zero" in process.communicate()[1] and process.returncode == 1
        assert servers.fetch(url, "SELECT to_regclass('half_made') AS it")[0]["it"] is None
        assert servers.fetch(url, "SELECT count(*) AS n FROM migration")[0]["n"] == 0
