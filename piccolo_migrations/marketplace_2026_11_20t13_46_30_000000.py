from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:46:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Strikes that count, newest first"

STATEMENTS = [
    'CREATE INDEX auction_strikes_counting ON auction_strikes ("user", at DESC) WHERE lifted_at IS NULL',
    'CREATE INDEX auction_strikes_of ON auction_strikes ("user", at DESC)',
    "ALTER TABLE auction_strikes ALTER COLUMN sale SET NOT NULL",
    'ALTER TABLE auction_strikes ALTER COLUMN "user" SET NOT NULL',
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
