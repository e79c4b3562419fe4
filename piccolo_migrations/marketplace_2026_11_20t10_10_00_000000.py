from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Media: what is ready has something to serve, what waits is found quickly"

STATEMENTS = [
    "CREATE INDEX media_owner ON media (owner, created_at DESC) WHERE state <> 'removed'",
    "CREATE INDEX media_unfinished ON media (created_at) WHERE state IN ('receiving', 'pending')",
    "ALTER TABLE media ADD CONSTRAINT media_state CHECK (state IN ('receiving', 'pending', 'ready', 'refused', 'removed'))",
    "ALTER TABLE media ADD CONSTRAINT media_kind CHECK (kind IN ('image', 'document'))",
    "ALTER TABLE media ADD CONSTRAINT media_ready_is_served "
    "CHECK (state <> 'ready' OR jsonb_array_length(renditions) > 0)",
    "ALTER TABLE media ADD CONSTRAINT media_refused_says_why CHECK (state <> 'refused' OR reason <> '')",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
