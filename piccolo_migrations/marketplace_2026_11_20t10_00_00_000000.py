from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Admin: staff accounts are a view of the accounts that have a role"

STATEMENTS = [
    """CREATE VIEW staff_accounts AS
       SELECT id, username, email, role, status = 'active' AS active, true AS admin, role = 'admin' AS superuser
       FROM users WHERE role IN ('moderator', 'manager', 'admin')""",
    "CREATE UNIQUE INDEX staff_sessions_token ON staff_sessions (token)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
