from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Sandbox payments: amounts and states that make sense, events that wait"


def checks(table: str, *states: str) -> str:
    allowed = ", ".join(f"'{state}'" for state in states)
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_state CHECK (state IN ({allowed})), "
        f"ADD CONSTRAINT {table}_amount CHECK (amount_minor > 0)"
    )


STATEMENTS = [
    checks(
        "sandbox_charges",
        "requires_payment_method",
        "requires_action",
        "processing",
        "succeeded",
        "failed",
        "cancelled",
    ),
    checks("sandbox_refunds", "processing", "succeeded", "failed"),
    checks("sandbox_payouts", "processing", "succeeded", "failed", "returned"),
    checks("sandbox_disputes", "open", "won", "lost"),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
