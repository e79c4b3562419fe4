from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:19:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Notifications: indexes that columns cannot say"

STATEMENTS = [
    'CREATE INDEX notifications_inbox ON notifications ("user", happened_at DESC, id DESC)',
    'CREATE INDEX notifications_by_creation ON notifications ("user", created_at DESC, id DESC)',
    'CREATE INDEX notifications_unread ON notifications ("user", happened_at DESC, id DESC) WHERE read_at IS NULL',
    'CREATE UNIQUE INDEX notifications_unread_once ON notifications ("user", dedupe_key) '
    "WHERE read_at IS NULL AND dedupe_key <> ''",
    "CREATE INDEX notifications_read_at ON notifications (read_at) WHERE read_at IS NOT NULL",
    "ALTER TABLE notifications ADD CONSTRAINT notifications_occurrences_positive CHECK (occurrences > 0)",
    'CREATE UNIQUE INDEX notification_settings_user_type ON notification_settings ("user", type)',
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
