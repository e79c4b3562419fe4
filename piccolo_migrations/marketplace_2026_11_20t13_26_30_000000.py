from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:26:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "No more is given back of a payment than came in"

STATEMENTS = [
    "UPDATE payments SET captured_minor = amount_minor WHERE status = 'succeeded' OR surplus",
    "ALTER TABLE payments DROP CONSTRAINT payments_amounts",
    "ALTER TABLE payments ADD CONSTRAINT payments_amounts CHECK "
    "(amount_minor > 0 AND captured_minor >= 0 AND refunded_minor BETWEEN 0 AND captured_minor "
    "AND (captured_minor > 0) = (status = 'succeeded' OR surplus))",
    "DROP INDEX payments_open",
    "CREATE INDEX payments_open ON payments (purpose, subject) "
    "WHERE status IN ('created', 'requires_payment_method', 'requires_action', 'processing')",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
