from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T14:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shop: prices compare as they are written, attributes of variants are found"

ON_SALE = "WHERE status = 'active' AND deleted_at IS NULL"
STATEMENTS = [
    # In thousandths of the currency's unit: what filters and orders by price compare, whatever the decimals of a currency.
    "ALTER TABLE products ADD COLUMN price_sort bigint GENERATED ALWAYS AS "
    "(price_minor * CASE currency_exponent(currency) WHEN 0 THEN 1000 WHEN 3 THEN 1 ELSE 10 END) STORED",
    "DROP INDEX products_price",
    f"CREATE INDEX products_price ON products (price_sort, id) {ON_SALE}",
    f"CREATE INDEX products_currency ON products (currency, created_at DESC, id DESC) {ON_SALE}",
    "CREATE INDEX products_reduced ON products (created_at DESC, id DESC) "
    "WHERE compare_minor IS NOT NULL AND status = 'active' AND deleted_at IS NULL",
    "DROP INDEX products_attributes",
    "CREATE INDEX products_attributes ON products USING gin (attributes jsonb_path_ops) WHERE deleted_at IS NULL",
    "CREATE INDEX product_variants_attributes ON product_variants USING gin (attributes jsonb_path_ops) WHERE is_active",
    "DROP INDEX products_words",
    "CREATE INDEX products_words ON products USING gin (words) WHERE deleted_at IS NULL",
    # Statements here take milliseconds; compiling one takes a second.
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); "
    "EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
