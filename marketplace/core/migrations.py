"""Bringing the database to the state this code expects. Safe when several processes try at once, or one is killed."""

import contextlib
import io

import asyncpg

from marketplace.core.config import ROOT, settings

APP = "marketplace"
FOLDER = ROOT / "piccolo_migrations"
LOCK = 0x6D61726B6574  # any number that nothing else locks


async def pending(database_url: str = "") -> list[str]:
    """Ids of the migrations the database has not seen. One query; reads nothing but file names."""
    connection = await asyncpg.connect(database_url or settings().database_url)
    try:
        return sorted(known() - await _ran(connection))
    finally:
        await connection.close()


async def unknown(database_url: str = "") -> list[str]:
    """Ids of migrations the database has seen and this code has not: it was brought up to date by newer code."""
    connection = await asyncpg.connect(database_url or settings().database_url)
    try:
        return sorted(await _ran(connection) - known())
    finally:
        await connection.close()


async def migrate() -> list[str]:
    """Run what is pending, one after the other; returns what ran.

    Each migration and the note that it ran are one transaction. An advisory lock lets one process at a time work;
    the others wait, then find nothing to do.
    """
    from marketplace.core import db

    connection = await asyncpg.connect(db.address())
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        missing = known() - await _ran(connection)
        return await _run(missing) if missing else []
    finally:
        await connection.close()  # ends the session, and with it the lock


def known() -> set[str]:
    """The ids of the migrations there are, read off the file names."""
    return {_plain(file.stem.removeprefix(f"{APP}_")) for file in FOLDER.glob(f"{APP}_*.py")}


def _plain(migration_id: str) -> str:
    """An id is written with dashes and colons, its file name with underscores."""
    return migration_id.lower().replace("-", "_").replace(":", "_")


async def _ran(connection: asyncpg.Connection) -> set[str]:
    if await connection.fetchval("SELECT to_regclass('migration')") is None:
        return set()
    rows = await connection.fetch("SELECT name FROM migration WHERE app_name = $1", APP)
    return {_plain(row["name"]) for row in rows}


async def _run(missing: set[str]) -> list[str]:
    # Only a start that has something to run pays for what Piccolo imports here.
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager
    from piccolo.apps.migrations.commands.base import BaseMigrationManager
    from piccolo.apps.migrations.tables import Migration

    from marketplace.core import db

    manager = BaseMigrationManager()
    modules = manager.get_migration_modules(str(FOLDER))
    ran = []
    with contextlib.redirect_stdout(io.StringIO()):  # Piccolo reports to the terminal
        await manager.create_migration_table()
        for migration_id in sorted(modules):
            if _plain(migration_id) not in missing:
                continue
            async with db.transaction():
                response = await modules[migration_id].forwards()
                if isinstance(response, MigrationManager):
                    await response.run()
                await Migration(name=migration_id, app_name=APP).save()
            ran.append(migration_id)
    return ran
