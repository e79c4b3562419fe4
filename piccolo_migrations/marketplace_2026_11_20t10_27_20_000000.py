from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:27:20:000000"
VERSION = "1.38.0"
DESCRIPTION = "Auctions: pictures are read in order"

STATEMENTS = ["CREATE INDEX auction_images_shown ON auction_images (auction, position, id)"]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
