"""The limit of the shop's paths: a bare ASGI application and asyncpg, with the service's own statements for what is read, planned once.

What is written is one statement by hand for the cart, and one transaction by hand for the order: the rows that one would write
first, in tables of their own, without coupons, tax rates, shipping zones, commission rules, events, timers or snapshots of addresses.
"""

import os
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import asyncpg
import msgspec

from marketplace.accounts.tokens import read_access_token
from marketplace.catalog.queries.categories import BELOW
from marketplace.shop.queries.products import DETAIL
from marketplace.shop.queries.shown import BESIDE, CARD, IN_STOCK, ON_SALE
from tests.benchmarks.raw_asyncpg import WHO, _keep, answer
from tests.benchmarks.raw_bids import plain_lifespan

LIST: Final = f"""SELECT json_build_object('success', true, 'data', json_build_object('results', json_agg(row_to_json(shown))))::text
FROM (SELECT {CARD} FROM (
    SELECT p.* FROM products p WHERE {ON_SALE} AND {IN_STOCK} AND coalesce(p.category IN {BELOW.format("$2", "$2")}, false)
      AND coalesce(p.price_sort BETWEEN $3 AND $4, false) ORDER BY p.created_at DESC, p.id DESC LIMIT 20) AS p
  JOIN users s ON s.id = p.seller LEFT JOIN categories c ON c.id = p.category
  CROSS JOIN LATERAL {BESIDE.replace("{}", "$1::uuid")} ORDER BY p.created_at DESC, p.id DESC) AS shown"""
PUT_IN: Final = """WITH thing AS (
  SELECT v.id, p.name, coalesce(v.price_minor, p.price_minor) AS price FROM products p JOIN product_variants v ON v.product = p.id
  WHERE p.id = $2 AND p.status = 'active' AND p.deleted_at IS NULL AND v.is_active AND v.on_hand - v.allocated >= $3 AND p.seller <> $1),
put AS (INSERT INTO cart_items (id, cart, variant, quantity, seen_minor, saved_for_later, created_at, updated_at)
  SELECT gen_random_uuid(), c.id, thing.id, $3, thing.price, false, now(), now() FROM carts c, thing WHERE c."user" = $1
  ON CONFLICT (cart, variant) DO UPDATE SET quantity = cart_items.quantity + EXCLUDED.quantity, updated_at = now()
  RETURNING id, quantity)
SELECT json_build_object('id', put.id, 'name', thing.name, 'quantity', put.quantity)::text FROM put, thing"""
SCHEMA: Final = """
DROP TABLE IF EXISTS raw_shop_orders, raw_shop_lines, raw_shop_history, raw_shop_journal, raw_shop_stock;
CREATE TABLE raw_shop_stock (variant uuid PRIMARY KEY, on_hand int NOT NULL, allocated int NOT NULL CHECK (allocated <= on_hand));
CREATE TABLE raw_shop_orders (id uuid PRIMARY KEY, buyer uuid NOT NULL, total bigint NOT NULL, status text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE raw_shop_lines (id bigserial PRIMARY KEY, "order" uuid NOT NULL REFERENCES raw_shop_orders, variant uuid NOT NULL, quantity int NOT NULL, price bigint NOT NULL);
CREATE TABLE raw_shop_history (id bigserial PRIMARY KEY, "order" uuid NOT NULL REFERENCES raw_shop_orders, status text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE raw_shop_journal (id bigserial PRIMARY KEY, variant uuid NOT NULL, allocated int NOT NULL, "order" uuid NOT NULL, at timestamptz NOT NULL);
INSERT INTO raw_shop_stock SELECT id, on_hand, 0 FROM product_variants;
"""

_pool: Any = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global _pool
    if scope["type"] == "lifespan":
        _pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=10, max_size=10, reset=_keep,
            server_settings={"jit": "off", "plan_cache_mode": "force_generic_plan"},  # planned once
        )  # fmt: skip
        await plain_lifespan(receive, send)
        return
    if scope["path"].startswith("/health"):
        await answer(send, b"{}")
        return
    user, session = read_access_token(dict(scope["headers"])[b"authorization"].decode().partition(" ")[2])
    async with _pool.acquire() as connection:
        viewer = await connection.fetchrow(WHO, session, user)
        assert viewer is not None
        body = await _done(connection, viewer["id"], scope, receive)
    await answer(send, body)


async def _done(connection: Any, user: UUID, scope: dict[str, Any], receive: Any) -> bytes:
    path = scope["path"].rstrip("/").split("/")[3:]
    said: str
    if path == ["products"]:
        asked = dict(parse_qsl(scope["query_string"].decode()))
        low, high = (int(float(asked[name]) * 1000) for name in ("min_price", "max_price"))
        said = await connection.fetchval(LIST, user, asked["category"], low, high)
    elif path[0] == "products":
        said = await connection.fetchval(DETAIL, path[1], None, user, False)
    else:
        data = msgspec.json.decode((await receive())["body"])
        if path == ["cart", "items"]:
            said = await connection.fetchval(PUT_IN, user, UUID(data["product_id"]), data["quantity"])
        else:
            said = await _order(connection, user)
    assert said is not None
    return said.encode()


async def _order(connection: Any, user: UUID) -> str:
    """What a person would write first: lock the cart and the stock, promise it, write the order, empty the cart."""
    async with connection.transaction():
        cart = await connection.fetchval('SELECT id FROM carts WHERE "user" = $1 FOR UPDATE', user)
        lines = await connection.fetch(
            "SELECT ci.variant, ci.quantity, coalesce(v.price_minor, p.price_minor) AS price FROM cart_items ci "
            "JOIN product_variants v ON v.id = ci.variant JOIN products p ON p.id = v.product WHERE ci.cart = $1 ORDER BY v.id",
            cart,
        )
        variants, quantities = [line["variant"] for line in lines], [line["quantity"] for line in lines]
        prices = [line["price"] for line in lines]
        assert variants
        await connection.fetch(
            "SELECT on_hand, allocated FROM raw_shop_stock WHERE variant = ANY($1::uuid[]) ORDER BY variant FOR UPDATE",
            variants,
        )
        total = sum(price * quantity for price, quantity in zip(prices, quantities, strict=True)) * 11 // 10 + 500
        order = await connection.fetchval(
            "INSERT INTO raw_shop_orders VALUES (gen_random_uuid(), $1, $2, 'pending', now()) RETURNING id", user, total
        )
        await connection.execute(
            'INSERT INTO raw_shop_lines ("order", variant, quantity, price) '
            "SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::bigint[])",
            order, variants, quantities, prices,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO raw_shop_history (\"order\", status, at) VALUES ($1, 'pending', now())", order
        )
        await connection.execute(
            "UPDATE raw_shop_stock s SET allocated = allocated + w.n FROM unnest($1::uuid[], $2::int[]) AS w(variant, n) "
            "WHERE s.variant = w.variant",
            variants, quantities,
        )  # fmt: skip
        await connection.execute(
            'INSERT INTO raw_shop_journal (variant, allocated, "order", at) SELECT v, n, $3, now() FROM unnest($1::uuid[], $2::int[]) AS w(v, n)',
            variants, quantities, order,
        )  # fmt: skip
        await connection.execute("DELETE FROM cart_items WHERE cart = $1", cart)
    return f'{{"id": "{order}", "total": {total}}}'
