"""Products to sell, and orders to promise stock to."""

from typing import Any
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.orders.fulfilment import Draft, Line
from marketplace.orders.service.placing import place
from marketplace.shop.service.listing import ProductDraft, create_product
from marketplace.shop.service.variants import VariantDraft
from tests.factories.accounts import a_user
from tests.factories.orders import TestGoods


def a_product_draft(**over: Any) -> ProductDraft:
    """A kettle for 20.00, ten of them."""
    return ProductDraft(
        **({"name": "A kettle", "price_minor": 2000, "currency": "USD", "quantity": 10} | over)
    )  # fmt: skip


async def a_product(seller: UUID | None = None, **over: Any) -> UUID:
    return await create_product(seller or (await a_user()).id, a_product_draft(**over))


def a_variant(name: str, quantity: int = 10, **over: Any) -> VariantDraft:
    if "attributes" in over:
        over["attributes"] = msgspec.json.encode(over["attributes"]).decode()
    return VariantDraft(name=name, quantity=quantity, **over)


async def variant_ids(product_id: UUID) -> list[UUID]:
    """Of what is sold of a product, in its order."""
    rows = await db.fetch(
        "SELECT id FROM product_variants WHERE product = $1 AND is_active ORDER BY position, id", product_id
    )
    return [row["id"] for row in rows]


async def the_variant(product_id: UUID) -> UUID:
    [one] = await variant_ids(product_id)
    return one


async def stock_of(variant_id: UUID) -> tuple[int, int]:
    """(on hand, allocated)"""
    row = await db.fetch_row("SELECT on_hand, allocated FROM product_variants WHERE id = $1", variant_id)
    assert row is not None
    return row["on_hand"], row["allocated"]


async def an_order_of(variant_id: UUID, buyer: UUID | None = None) -> UUID:
    """An order that names a variant, of a kind that reserves nothing."""
    seller = await db.fetch_val(
        "SELECT p.seller FROM product_variants v JOIN products p ON p.id = v.product WHERE v.id = $1", variant_id
    )
    line = Line(subject=variant_id, title="A kettle", total=Money(2000, "USD"))
    async with db.transaction():
        placed = await place(buyer or (await a_user()).id, [Draft(kind=TestGoods.kind, seller=seller, lines=[line])])
    return placed.orders[0].id
