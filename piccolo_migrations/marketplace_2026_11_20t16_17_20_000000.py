from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:17:20:000000"
VERSION = "1.38.0"
DESCRIPTION = "Media: further kinds, what files are attached to, and what waits to be"

STATEMENTS = [
    "ALTER TABLE media DROP CONSTRAINT media_kind",
    "ALTER TABLE media ADD CONSTRAINT media_kind CHECK (kind IN ('image', 'video', 'audio', 'document', 'archive'))",
    "ALTER TABLE media ADD CONSTRAINT media_loose_is_unattached CHECK (NOT loose OR subject IS NULL)",
    "CREATE INDEX media_subject ON media (subject, purpose, position) WHERE subject IS NOT NULL AND state <> 'removed'",
    "CREATE INDEX media_loose ON media (owner) WHERE loose",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
