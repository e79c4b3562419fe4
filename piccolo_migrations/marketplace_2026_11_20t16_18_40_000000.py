from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:18:40:000000"
VERSION = "1.38.0"
DESCRIPTION = "Reviews: one of each side for each order, in silence until both are in; ratings of persons"

STATEMENTS = [
    'UPDATE reviews r SET "order" = l."order" FROM order_lines l WHERE l.id = r.order_line',
    'ALTER TABLE reviews ALTER COLUMN "order" SET NOT NULL',
    "ALTER TABLE reviews ALTER COLUMN order_line SET NOT NULL",
    "ALTER TABLE reviews ALTER COLUMN author SET NOT NULL",
    "ALTER TABLE reviews ALTER COLUMN reviewee SET NOT NULL",
    "ALTER TABLE reviews DROP CONSTRAINT reviews_kind",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_kind CHECK (kind <> '')",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_client CHECK (kind <> 'client' OR (subject = reviewee AND reply = ''))",
    "DROP INDEX reviews_once",
    "CREATE UNIQUE INDEX reviews_product_once ON reviews (subject, author) WHERE kind = 'product'",
    "DROP INDEX reviews_line",
    "CREATE UNIQUE INDEX reviews_line ON reviews (order_line) WHERE kind <> 'client'",
    "CREATE UNIQUE INDEX reviews_client_once ON reviews (\"order\") WHERE kind = 'client'",
    "DROP INDEX reviews_seller",
    "CREATE INDEX reviews_reviewee ON reviews (reviewee, created_at DESC, id DESC)",
    "CREATE INDEX reviews_blind ON reviews (blind_until) WHERE blind_until IS NOT NULL",
    "ALTER TABLE user_ratings ADD CONSTRAINT user_ratings_seller "
    "CHECK (seller_sum BETWEEN seller_count AND 5 * seller_count)",
    "ALTER TABLE user_ratings ADD CONSTRAINT user_ratings_client "
    "CHECK (client_sum BETWEEN client_count AND 5 * client_count)",
    'INSERT INTO user_ratings ("user", seller_sum, seller_count, client_sum, client_count) '
    "SELECT reviewee, sum(rating), count(*), 0, 0 FROM reviews WHERE hidden_at IS NULL GROUP BY reviewee",
    "ALTER TABLE seller_standings ADD CONSTRAINT seller_standings_level CHECK (level IN ('new', 'one', 'two', 'top'))",
    "ALTER TABLE seller_standings ADD CONSTRAINT seller_standings_kept CHECK (kept_orders BETWEEN 0 AND promised_orders)",
    # Levels are worked out every night; nobody has promised a date so far.
    "INSERT INTO seller_standings (seller, level, completed_orders, cancelled_orders, promised_orders, kept_orders, "
    "year_completed, year_refunded, computed_at) "
    "SELECT o.seller, 'new', count(*) FILTER (WHERE o.phase = 'completed'), "
    "count(*) FILTER (WHERE o.phase = 'cancelled' AND o.paid_at IS NOT NULL AND EXISTS (SELECT FROM order_history h "
    'WHERE h."order" = o.id AND h.to_status = o.status AND h.from_status <> h.to_status AND h.actor = o.seller)), 0, 0, '
    "count(*) FILTER (WHERE o.phase = 'completed' AND o.created_at > now() - interval '365 days'), "
    "count(*) FILTER (WHERE o.phase = 'completed' AND o.created_at > now() - interval '365 days' AND o.refunded_minor > 0), "
    "now() FROM orders o GROUP BY o.seller",
    "CREATE INDEX seller_standings_by_level ON seller_standings (level, seller)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
