from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T15:09:40:000000"
VERSION = "1.38.0"
DESCRIPTION = "Reviews: one of a product by each buyer, one for each line of an order"

STATEMENTS = [
    "ALTER TABLE reviews ADD CONSTRAINT reviews_rating CHECK (rating BETWEEN 1 AND 5)",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_kind CHECK (kind = 'product')",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_reply CHECK (reply = '' OR replied_at IS NOT NULL)",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_hidden CHECK ((hidden_at IS NULL) = (hidden_reason = ''))",
    "ALTER TABLE reviews ADD CONSTRAINT reviews_not_own CHECK (author <> seller)",
    "ALTER TABLE products ADD CONSTRAINT products_rating CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count)",
    "CREATE UNIQUE INDEX reviews_once ON reviews (kind, subject, author)",
    "CREATE UNIQUE INDEX reviews_line ON reviews (order_line)",
    "CREATE INDEX reviews_shown ON reviews (kind, subject, created_at DESC, id DESC) WHERE hidden_at IS NULL",
    "CREATE INDEX reviews_rated ON reviews (kind, subject, rating, id) WHERE hidden_at IS NULL",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
