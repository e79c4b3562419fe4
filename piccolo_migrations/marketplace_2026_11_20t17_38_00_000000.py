from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T17:38:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Gigs are filtered by their average rating by an index"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        await DB._run_in_new_connection(
            "CREATE INDEX gigs_average ON gigs ((rating_sum * 1000 / greatest(rating_count, 1))) "
            "WHERE status = 'published' AND hidden_at IS NULL"
        )

    manager.add_raw(run)
    return manager
