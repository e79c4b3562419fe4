from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:15:40:000000"
VERSION = "1.38.0"
DESCRIPTION = "Moderation: one undecided case a matter"

STATEMENTS = [
    'CREATE UNIQUE INDEX moderation_cases_undecided ON moderation_cases (kind, "user", other_user, object_id) '
    "NULLS NOT DISTINCT WHERE status IN ('open', 'reviewing')",
    "ALTER TABLE moderation_cases ADD CONSTRAINT moderation_cases_status "
    "CHECK (status IN ('open', 'reviewing', 'upheld', 'dismissed'))",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
