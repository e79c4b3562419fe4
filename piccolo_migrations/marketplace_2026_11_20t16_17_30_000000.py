from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:17:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shipments: no more is sent than was ordered; what was sent before is one shipment each"

STATEMENTS = [
    "ALTER TABLE order_line_progress ADD CONSTRAINT order_line_progress_line FOREIGN KEY (id) REFERENCES order_lines (id) ON DELETE RESTRICT",
    "ALTER TABLE order_line_progress ADD CONSTRAINT order_line_progress_within CHECK "
    "(sent >= 0 AND cancelled >= 0 AND sent + cancelled <= quantity)",
    "ALTER TABLE shipments ADD CONSTRAINT shipments_number CHECK (number > 0)",
    "ALTER TABLE shipments ADD CONSTRAINT shipments_times CHECK (confirmed_at IS NULL OR delivered_at IS NOT NULL)",
    'CREATE UNIQUE INDEX shipments_of_order ON shipments ("order", number)',
    "ALTER TABLE shipment_lines ADD CONSTRAINT shipment_lines_some CHECK (quantity > 0)",
    "CREATE UNIQUE INDEX shipment_lines_once ON shipment_lines (shipment, line)",
    "ALTER TABLE order_line_cancellations ADD CONSTRAINT order_line_cancellations_amounts CHECK "
    "(quantity > 0 AND refunded_minor BETWEEN 0 AND amount_minor)",
    "CREATE UNIQUE INDEX order_line_cancellations_once ON order_line_cancellations (request, line)",
    "ALTER TABLE orders ADD CONSTRAINT orders_paused CHECK (open_returns >= 0 AND (open_returns > 0) = (paused_at IS NOT NULL))",
    'INSERT INTO shipments (id, "order", number, carrier, tracking_number, tracking_url, shipped_at, delivered_at) '
    "SELECT gen_random_uuid(), id, 1, carrier, tracking_number, '', coalesce(shipped_at, completed_at, created_at), "
    "coalesce(delivered_at, completed_at) FROM orders "
    "WHERE kind IN ('shop', 'auction') AND status IN ('shipped', 'delivered', 'returned')",
    "INSERT INTO shipment_lines (shipment, line, quantity) "
    'SELECT s.id, l.id, l.quantity FROM shipments s JOIN order_lines l ON l."order" = s."order"',
    "INSERT INTO order_line_progress (id, quantity, sent, cancelled) "
    "SELECT l.id, l.quantity, l.quantity, 0 FROM shipment_lines i JOIN order_lines l ON l.id = i.line",
    'UPDATE orders SET sent_parts = 1 WHERE id IN (SELECT "order" FROM shipments)',
    'UPDATE orders o SET open_returns = r.n, paused_at = now() FROM (SELECT "order", count(*) AS n FROM order_returns '
    "WHERE status IN ('requested', 'approved') GROUP BY \"order\") AS r WHERE r.\"order\" = o.id",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("shipment_lines", "order_line_cancellations")
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
