from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:32:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "Bid holds: never for nobody"

STATEMENTS = [
    "ALTER TABLE lots ADD CONSTRAINT lots_held CHECK (held_minor = 0 OR (held_minor > 0 AND leader IS NOT NULL))",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
