"""Products for sale, written as rows: as many as a cart wants, with the prices and stock it wants."""

from itertools import count
from typing import Any
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import to_minor
from marketplace.shop.states import ProductStatus
from marketplace.shop.tables import Product, Variant
from tests.factories.accounts import a_user

_n = count(1)


class AnOffer(Struct, frozen=True, kw_only=True):
    """A product for sale as it was made. `variant` is its first, `variants` all of them, by name."""

    id: UUID
    seller: UUID
    variants: dict[str, UUID]

    @property
    def variant(self) -> UUID:
        return next(iter(self.variants.values()))


async def an_offer(
    seller: UUID | None = None,
    price: str = "2499.99",
    stock: int = 100,
    variants: dict[str, str | None] | None = None,
    **over: Any,
) -> AnOffer:
    """For sale, in USD, without choices. `variants`: names and their own prices; each has `stock`."""
    n = next(_n)
    currency = over.pop("currency", "USD")
    weight = over.pop("weight_g", None)
    tracks_stock = over.pop("tracks_stock", True)
    product = Product(
        id=uuid7(), seller=seller or (await a_user()).id, slug=f"product-{n}", name=over.pop("name", f"Product {n}"),
        sku=f"SKU-{n}", currency=currency, price_minor=to_minor(price, currency), weight_g=weight,
        status=over.pop("status", ProductStatus.ACTIVE), tracks_stock=tracks_stock, attributes="{}", **over,
    )  # fmt: skip
    await product.save()
    made: dict[str, UUID] = {}
    for position, (name, own_price) in enumerate((variants or {"": None}).items(), start=1):
        variant = Variant(
            id=uuid7(), product=product.id, name=name, sku=f"SKU-{n}-{position}" if name else "", position=position,
            price_minor=to_minor(own_price, currency) if own_price else None, attributes="{}", tracks_stock=tracks_stock,
            on_hand=stock,
        )  # fmt: skip
        await variant.save()
        await db.execute(
            "INSERT INTO stock_movements (variant, kind, on_hand_change, allocated_change, on_hand_after, allocated_after, "
            "reason, at) VALUES ($1, 'received', $2, 0, $2, 0, '', now())",
            variant.id, stock,
        )  # fmt: skip
        made[name] = variant.id
    return AnOffer(id=product.id, seller=product.seller, variants=made)
