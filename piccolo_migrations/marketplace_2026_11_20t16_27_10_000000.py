from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:27:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "Orders in parts: paid one after the other, each once, and what was paid stays"

STATEMENTS = [
    # Only what is paid in parts may be paid in part.
    "ALTER TABLE orders DROP CONSTRAINT orders_money",
    "ALTER TABLE orders ADD CONSTRAINT orders_money CHECK "
    "((captured_minor IN (0, total_minor) OR (in_parts AND captured_minor BETWEEN 0 AND total_minor)) "
    "AND refunded_minor BETWEEN refunded_held_minor AND captured_minor "
    "AND refunded_held_minor >= 0 AND released_minor >= 0 AND released_minor + refunded_held_minor <= captured_minor)",
    'CREATE UNIQUE INDEX order_parts_position ON order_parts ("order", position)',
    'CREATE UNIQUE INDEX order_parts_checkout ON order_parts (checkout, "order")',
    "ALTER TABLE order_parts ADD CONSTRAINT order_parts_amounts CHECK (position > 0 AND amount_minor > 0 "
    "AND refunded_minor BETWEEN 0 AND CASE WHEN paid_at IS NULL THEN 0 ELSE amount_minor END)",
    "ALTER TABLE order_parts ADD CONSTRAINT order_parts_due CHECK (paid_at IS NULL OR due_at IS NOT NULL)",
    # What was paid stays as it was paid.
    "CREATE TRIGGER order_parts_paid BEFORE DELETE OR UPDATE OF title, amount_minor, due_at, paid_at ON order_parts "
    "FOR EACH ROW WHEN (OLD.paid_at IS NOT NULL) EXECUTE FUNCTION refuse_change()",
    'CREATE TRIGGER order_parts_agreed BEFORE UPDATE OF id, "order", position, checkout ON order_parts '
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "DROP INDEX invoices_order_once",
    "CREATE UNIQUE INDEX invoices_order_once ON invoices "
    "(order_id, coalesce(payment, '00000000-0000-0000-0000-000000000000')) WHERE kind = 'invoice' AND order_id IS NOT NULL",
    "CREATE INDEX invoices_payment ON invoices (payment) WHERE payment IS NOT NULL",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
