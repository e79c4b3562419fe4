from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T15:01:50:000000"
VERSION = "1.38.0"
DESCRIPTION = "Returns: amounts that can be, lists by buyer and seller, a history that stays"

STATEMENTS = [
    "ALTER TABLE order_returns ADD CONSTRAINT order_returns_status CHECK "
    "(status IN ('requested', 'approved', 'rejected', 'received', 'refunded', 'cancelled'))",
    "ALTER TABLE order_returns ADD CONSTRAINT order_returns_amounts CHECK (shipping_minor >= 0 AND amount_minor >= shipping_minor "
    "AND refunded_minor BETWEEN 0 AND amount_minor AND (refunded_minor = 0 OR status = 'refunded') "
    "AND (refunded_minor > 0) = (refund_id IS NOT NULL))",
    "ALTER TABLE order_returns ADD CONSTRAINT order_returns_received CHECK "
    "((received_at IS NOT NULL) = (status IN ('received', 'refunded')) AND (received_at IS NOT NULL OR NOT restocked))",
    "ALTER TABLE order_returns ADD CONSTRAINT order_returns_parties CHECK (buyer <> seller)",
    "ALTER TABLE order_return_lines ADD CONSTRAINT order_return_lines_amounts CHECK (quantity > 0 AND amount_minor >= 0)",
    "CREATE UNIQUE INDEX order_return_lines_once ON order_return_lines (order_return, line)",
    "CREATE INDEX order_returns_buyer ON order_returns (buyer, created_at DESC, id DESC)",
    "CREATE INDEX order_returns_seller ON order_returns (seller, created_at DESC, id DESC)",
    "CREATE TRIGGER order_return_history_append_only BEFORE UPDATE OR DELETE ON order_return_history "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
