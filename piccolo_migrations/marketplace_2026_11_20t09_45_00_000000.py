from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T09:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Core: uniqueness and indexes that columns cannot say"

STATEMENTS = [
    "CREATE UNIQUE INDEX timers_kind_key ON timers (kind, key)",
    "CREATE INDEX outbox_due ON outbox (due_at, id)",
    "CREATE UNIQUE INDEX live_messages_room_seq ON live_messages (room, seq)",
    "CREATE UNIQUE INDEX idempotency_scope_key ON idempotency_keys (scope, key)",
    "CREATE UNIQUE INDEX users_username_lower ON users (lower(username))",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
