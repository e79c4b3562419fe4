from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:33:50:000000"
VERSION = "1.38.0"
DESCRIPTION = "Auctions: the category is one that exists"

STATEMENTS = [
    "ALTER TABLE auctions ADD CONSTRAINT auctions_category FOREIGN KEY (category) REFERENCES categories (id) ON DELETE RESTRICT",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
