from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shop: products are found by any part of a Chinese name, and ordered by rating and by what sells"

ON_SALE = "WHERE status = 'active' AND deleted_at IS NULL"
STATEMENTS = [
    # What `marketplace/shop/wording.py` does to a search.
    r"""CREATE FUNCTION product_words(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(said,
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]+', ' ', 'g'),
      '([\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])', ' \1 ', 'g') $$""",
    "ALTER TABLE products DROP COLUMN words",
    "ALTER TABLE products ADD COLUMN words tsvector GENERATED ALWAYS AS "
    "(setweight(to_tsvector('simple', product_words(name)), 'A') || setweight(to_tsvector('simple', product_words(sku)), 'A') "
    "|| setweight(to_tsvector('simple', product_words(left(description, 20000))), 'B')) STORED",
    f"CREATE INDEX products_words ON products USING gin (words) {ON_SALE}",
    f"CREATE INDEX products_rated ON products ((rating_sum * 1000 / greatest(rating_count, 1)), id) {ON_SALE}",
    f"CREATE INDEX products_popular ON products (sold_count, id) {ON_SALE}",
    f"CREATE INDEX products_attributes ON products USING gin (attributes jsonb_path_ops) {ON_SALE}",
    "CREATE INDEX products_of_seller ON products (seller, created_at DESC, id DESC) WHERE deleted_at IS NULL",
    'CREATE INDEX product_wishes_of_user ON product_wishes ("user", created_at DESC, id DESC)',
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
