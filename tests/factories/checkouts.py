"""Buyers with something in their cart, and an address to send it to."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.orders.service import ordering
from marketplace.shop.fulfilment import OrderCart
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item
from tests.factories.accounts import a_user, users

ADDRESS = """
INSERT INTO addresses (id, "user", address_type, full_name, phone_number, street_address, apartment, city, state, country,
  country_code, zip_code, is_default, created_at, updated_at)
SELECT a.id, a.owner, 'shipping', 'A Buyer', '', '1 Main St', '', 'New York', 'NY', 'United States', 'US', '10001', false, now(), now()
FROM unnest($1::uuid[], $2::uuid[]) AS a(id, owner)
"""


async def an_address(user_id: UUID) -> UUID:
    return (await addresses([user_id]))[0]


async def addresses(user_ids: list[UUID]) -> list[UUID]:
    """One for each, in New York."""
    ids = [uuid7() for _ in user_ids]
    await db.execute(ADDRESS, ids, user_ids)
    return ids


async def a_shopper(*things: tuple[UUID, int]) -> tuple[UUID, UUID]:
    """(buyer, address) of somebody with so many of these products in the cart."""
    buyer = (await a_user()).id
    for product, quantity in things:
        await add_item(Owner(user=buyer), product, None, quantity)
    return buyer, await an_address(buyer)


async def shoppers(many: int, *variants: UUID) -> list[tuple[UUID, UUID]]:
    """(buyer, address) of so many people with one of each variant in the cart, written past the service that checks stock."""
    buyers = await users(many)
    await db.execute(
        "WITH new AS (INSERT INTO carts (id, \"user\", token_hash, created_at, updated_at) "
        "SELECT gen_random_uuid(), u, '', now(), now() FROM unnest($1::uuid[]) AS u RETURNING id) "
        "INSERT INTO cart_items (id, cart, variant, quantity, seen_minor, saved_for_later, created_at, updated_at) "
        "SELECT gen_random_uuid(), new.id, v.id, 1, coalesce(v.price_minor, p.price_minor), false, now(), now() "
        "FROM new, product_variants v JOIN products p ON p.id = v.product WHERE v.id = ANY($2::uuid[])",
        buyers, list(variants),
    )  # fmt: skip
    return list(zip(buyers, await addresses(buyers), strict=True))


async def order(buyer: UUID, address: UUID, **over: Any) -> UUID:
    """The first order's id of what the buyer has in the cart."""
    return await ordering.order(buyer, OrderCart(shipping_address_id=address, **over))
