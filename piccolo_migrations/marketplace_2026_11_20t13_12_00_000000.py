from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:12:00:000000"
VERSION = "1.38.0"
DESCRIPTION = (
    "Payments and orders: one payment a subject, numbers without gaps, amounts that add up, histories that stay"
)


def one_of(table: str, column: str, *allowed: str) -> str:
    values = ", ".join(f"'{value}'" for value in allowed)
    return f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column} CHECK ({column} IN ({values}))"


STATEMENTS = [
    "CREATE UNIQUE INDEX payments_subject_once ON payments (purpose, subject) WHERE status = 'succeeded' AND NOT surplus",
    "CREATE INDEX payments_subject ON payments (purpose, subject)",
    "CREATE UNIQUE INDEX payments_reference ON payments (provider, reference) WHERE reference <> ''",
    "CREATE INDEX payments_capture ON payments (provider, capture) WHERE capture <> ''",
    "CREATE INDEX payments_payer ON payments (payer, created_at DESC, id DESC)",
    "CREATE INDEX payments_created ON payments (created_at DESC, id DESC)",
    "CREATE INDEX payments_open ON payments (updated_at) WHERE status IN ('created', 'requires_action', 'processing')",
    one_of(
        "payments",
        "status",
        "created",
        "requires_payment_method",
        "requires_action",
        "processing",
        "succeeded",
        "failed",
        "cancelled",
    ),
    "ALTER TABLE payments ADD CONSTRAINT payments_amounts CHECK (amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor)",
    one_of("refunds", "status", "pending", "succeeded", "failed"),
    "ALTER TABLE refunds ADD CONSTRAINT refunds_amount CHECK (amount_minor > 0)",
    "CREATE INDEX refunds_created ON refunds (created_at DESC, id DESC)",
    "CREATE INDEX refunds_pending ON refunds (updated_at) WHERE status = 'pending'",
    one_of(
        "payouts",
        "status",
        "requested",
        "awaiting_approval",
        "processing",
        "paid",
        "failed",
        "returned",
        "rejected",
        "cancelled",
    ),
    one_of("payouts", "source", "earnings", "wallet"),
    "ALTER TABLE payouts ADD CONSTRAINT payouts_amount CHECK (amount_minor > 0)",
    'ALTER TABLE payouts ADD CONSTRAINT payouts_two_people CHECK (approved_by IS NULL OR approved_by <> "user")',
    "CREATE INDEX payouts_created ON payouts (created_at DESC, id DESC)",
    "CREATE INDEX payouts_processing ON payouts (updated_at) WHERE status = 'processing'",
    'CREATE UNIQUE INDEX payout_methods_default ON payout_methods ("user") WHERE is_default AND removed_at IS NULL',
    one_of("chargebacks", "status", "open", "won", "lost"),
    "ALTER TABLE chargebacks ADD CONSTRAINT chargebacks_amount CHECK (amount_minor > 0)",
    "CREATE UNIQUE INDEX chargebacks_reference ON chargebacks (payment, reference)",
    "CREATE UNIQUE INDEX webhook_events_once ON webhook_events (provider, event_id)",
    "CREATE INDEX webhook_events_received ON webhook_events (received_at DESC, id DESC)",
    one_of("webhook_events", "status", "received", "processed", "ignored", "failed"),
    "ALTER TABLE invoice_counters ALTER COLUMN issuer SET NOT NULL",
    "CREATE UNIQUE INDEX invoice_counters_series ON invoice_counters (issuer, kind, year)",
    "CREATE UNIQUE INDEX invoices_series ON invoices "
    "(coalesce(issuer, '00000000-0000-0000-0000-000000000000'), kind, year, seq)",
    "CREATE UNIQUE INDEX invoices_order_once ON invoices (order_id) WHERE kind = 'invoice' AND order_id IS NOT NULL",
    "CREATE UNIQUE INDEX invoices_refund_once ON invoices (refund) WHERE refund IS NOT NULL",
    "CREATE UNIQUE INDEX reconciliation_breaks_open ON reconciliation_breaks (fingerprint) WHERE closed_at IS NULL",
    "CREATE INDEX reconciliation_breaks_found ON reconciliation_breaks (found_at DESC, id DESC)",
    "CREATE INDEX orders_buyer ON orders (buyer, created_at DESC, id DESC)",
    "CREATE INDEX orders_seller ON orders (seller, created_at DESC, id DESC)",
    "CREATE INDEX orders_created ON orders (created_at DESC, id DESC)",
    "CREATE INDEX orders_uncleared ON orders (clears_at) WHERE cleared_at IS NULL AND clears_at IS NOT NULL",
    one_of("orders", "phase", "unpaid", "open", "completed", "cancelled"),
    "ALTER TABLE orders ADD CONSTRAINT orders_sum CHECK "
    "(total_minor = subtotal_minor - discount_minor + tax_minor + shipping_minor AND total_minor >= 0 "
    "AND least(subtotal_minor, discount_minor, tax_minor, shipping_minor, commission_minor) >= 0 "
    "AND commission_minor + tax_minor <= total_minor)",
    "ALTER TABLE orders ADD CONSTRAINT orders_money CHECK "
    "(captured_minor IN (0, total_minor) AND refunded_minor BETWEEN refunded_held_minor AND captured_minor "
    "AND refunded_held_minor >= 0 AND released_minor >= 0 AND released_minor + refunded_held_minor <= captured_minor)",
    "ALTER TABLE order_lines ADD CONSTRAINT order_lines_amounts CHECK (quantity > 0 AND least(unit_minor, subtotal_minor, "
    "discount_minor, tax_minor, commission_minor) >= 0 AND commission_bps BETWEEN 0 AND 10000)",
    'CREATE UNIQUE INDEX order_lines_position ON order_lines ("order", position)',
    # What was agreed stays as it was agreed.
    "CREATE TRIGGER orders_agreed BEFORE DELETE OR UPDATE OF id, number, checkout, kind, buyer, seller, currency, "
    "subtotal_minor, discount_minor, tax_minor, shipping_minor, total_minor, commission_minor, created_at "
    "ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER payments_agreed BEFORE DELETE OR UPDATE OF id, payer, purpose, subject, provider, amount_minor, currency, "
    "created_at ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER refunds_agreed BEFORE DELETE OR UPDATE OF id, payment, order_id, amount_minor, currency, created_at "
    "ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    'CREATE TRIGGER payouts_agreed BEFORE DELETE OR UPDATE OF id, "user", source, method, provider, amount_minor, currency, '
    "created_at ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("payment_history", "order_history", "order_lines", "invoices")
    ),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
