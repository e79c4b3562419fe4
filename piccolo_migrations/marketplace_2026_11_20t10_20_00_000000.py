from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Admin: staff accounts say whether they have a second factor"

STATEMENTS = [
    """CREATE OR REPLACE VIEW staff_accounts AS
       SELECT id, username, email, role, status = 'active' AS active, true AS admin, role = 'admin' AS superuser,
              EXISTS (SELECT FROM second_factors f WHERE f."user" = users.id AND f.confirmed_at IS NOT NULL)
                  AS has_second_factor
       FROM users WHERE role IN ('moderator', 'manager', 'admin')""",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
