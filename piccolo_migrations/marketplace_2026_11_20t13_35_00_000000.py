from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:35:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shop: stock that is never promised twice, one cart and one wish each, a journal that stays"

STATEMENTS = [
    "ALTER TABLE products ADD CONSTRAINT products_status CHECK (status IN ('draft', 'active', 'archived'))",
    "ALTER TABLE products ADD CONSTRAINT products_prices CHECK "
    "(price_minor > 0 AND (compare_minor IS NULL OR compare_minor > price_minor) AND (cost_minor IS NULL OR cost_minor >= 0))",
    "CREATE UNIQUE INDEX products_sku ON products (seller, sku) WHERE sku <> '' AND deleted_at IS NULL",
    "ALTER TABLE products ADD COLUMN words tsvector GENERATED ALWAYS AS "
    "(setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', sku), 'A') "
    "|| setweight(to_tsvector('simple', left(description, 20000)), 'B')) STORED",
    "CREATE INDEX products_words ON products USING gin (words) WHERE status = 'active' AND deleted_at IS NULL",
    "CREATE INDEX products_new ON products (created_at DESC, id DESC) WHERE status = 'active' AND deleted_at IS NULL",
    "CREATE INDEX products_price ON products (price_minor, id) WHERE status = 'active' AND deleted_at IS NULL",
    "CREATE INDEX products_name ON products (lower(name), id) WHERE status = 'active' AND deleted_at IS NULL",
    "CREATE INDEX products_category_new ON products (category, created_at DESC, id DESC) WHERE status = 'active' AND deleted_at IS NULL",
    "CREATE INDEX products_featured ON products (created_at DESC, id DESC) "
    "WHERE is_featured AND status = 'active' AND deleted_at IS NULL",
    # available = on hand - allocated, and never below zero: the last word on overselling. RULES: Stock.
    "ALTER TABLE product_variants ADD CONSTRAINT product_variants_available CHECK "
    "(allocated >= 0 AND on_hand >= 0 AND (NOT tracks_stock OR on_hand >= allocated))",
    "ALTER TABLE product_variants ADD CONSTRAINT product_variants_price CHECK (price_minor IS NULL OR price_minor > 0)",
    "CREATE UNIQUE INDEX product_variants_sku ON product_variants (product, sku) WHERE sku <> ''",
    'CREATE UNIQUE INDEX product_wishes_once ON product_wishes ("user", product)',
    'CREATE UNIQUE INDEX carts_user ON carts ("user") WHERE "user" IS NOT NULL',
    "CREATE UNIQUE INDEX carts_token ON carts (token_hash) WHERE token_hash <> ''",
    "ALTER TABLE carts ADD CONSTRAINT carts_owner CHECK ((\"user\" IS NULL) = (token_hash <> ''))",
    "CREATE UNIQUE INDEX cart_items_once ON cart_items (cart, variant)",
    "ALTER TABLE cart_items ADD CONSTRAINT cart_items_quantity CHECK (quantity BETWEEN 1 AND 9999)",
    "CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements "
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
