from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:29:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Invoices in the order of their lists; corrections by what they correct"

STATEMENTS = [
    "CREATE INDEX invoices_recipient_issued ON invoices (recipient, issued_at DESC, id DESC)",
    "CREATE INDEX invoices_issuer_issued ON invoices (issuer, issued_at DESC, id DESC)",
    "CREATE INDEX invoices_corrects ON invoices (corrects) WHERE corrects IS NOT NULL",
    "ALTER TABLE invoices ADD CONSTRAINT invoices_credits CHECK (kind <> 'credit_note' OR corrects IS NOT NULL)",
    "ALTER TABLE invoices ADD CONSTRAINT invoices_kind CHECK (kind IN ('invoice', 'credit_note'))",
    "ALTER TABLE invoices ADD CONSTRAINT invoices_amounts CHECK (tax_minor BETWEEN 0 AND total_minor AND seq > 0)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
