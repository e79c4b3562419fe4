from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:32:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shop: what lies in a category is told by an index alone"

STATEMENTS = [
    "CREATE INDEX products_filed ON products (category, id) WHERE deleted_at IS NULL",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
