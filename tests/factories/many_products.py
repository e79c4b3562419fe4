"""Many products, made by the database out of one that the service made."""

from marketplace.core import db
from marketplace.core.ids import uuid7
from tests.factories.accounts import users
from tests.factories.shop import a_product

WORDS = ("Brass", "Oak", "Linen", "Steel", "Celadon", "青瓷", "Walnut", "Copper", "Felt", "Glass")
THINGS = ("kettle", "lamp", "chair", "teapot", "notebook", "茶壶", "clock", "basket", "mirror", "vase")


async def products(many: int) -> None:
    """So many more of 200 sellers in ten categories: one in ten out of stock, prices up to 1,000.00, half rated, 1 % featured."""
    sellers = await users(200)
    categories = [uuid7() for _ in range(10)]
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description) SELECT id, 'many-' || n, 'Many ' || n, '', '' "
        "FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n) ON CONFLICT DO NOTHING",
        categories,
    )
    first = await a_product(
        sellers[0], name="The first of many", description="A fine thing in good order, sent the next day."
    )
    async with db.transaction():
        await db.execute("SET LOCAL statement_timeout = 0")
        await db.execute(
            "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, gen_random_uuid() AS product, gen_random_uuid() AS variant, "
            "now() - n * interval '7 seconds' AS created, ($1::uuid[])[1 + n % 200] AS seller, ($2::uuid[])[1 + n % 10] AS category, "
            "(n::bigint * 7919) % 100000 + 99 AS price, ($3::text[])[1 + n % 10] || ' ' || ($4::text[])[1 + n / 10 % 10] || ' no. ' || n AS name "
            "FROM generate_series(1, $5) AS n",
            sellers, categories, list(WORDS), list(THINGS), many,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO products (id, seller, slug, name, description, category, sku, currency, price_minor, compare_minor, cost_minor, "
            "status, is_featured, tracks_stock, weight_g, dimensions, attributes, low_stock_at, rating_sum, rating_count, sold_count, "
            "created_at, updated_at) SELECT m.product, m.seller, 'many-' || m.n, m.name, p.description, m.category, 'SKU-' || m.n, "
            "p.currency, m.price, NULL, NULL, 'active', m.n % 100 = 0, true, NULL, '', "
            "jsonb_build_object('colour', (ARRAY['red', 'green', 'blue'])[1 + m.n % 3]), 5, (m.n % 2) * (1 + m.n % 5) * 3, (m.n % 2) * 3, "
            "m.n % 977, m.created, m.created FROM made m, products p WHERE p.id = $1",
            first,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO product_variants (id, product, name, sku, attributes, position, is_active, tracks_stock, on_hand, allocated, created_at) "
            "SELECT variant, product, '', '', '{}', 1, true, true, CASE WHEN n % 10 = 3 THEN 0 ELSE 20 END, 0, created FROM made"
        )
        await db.execute(
            "INSERT INTO stock_movements (variant, kind, on_hand_change, allocated_change, on_hand_after, allocated_after, reason, at) "
            "SELECT variant, 'received', 20, 0, 20, 0, 'listed', created FROM made WHERE n % 10 <> 3"
        )
        await db.execute(
            "INSERT INTO category_items (category, kind, item) SELECT category, 'product', product FROM made"
        )
    for table in ("products", "product_variants", "category_items", "users", "categories"):
        await db.execute(f"VACUUM ANALYZE {table}")
