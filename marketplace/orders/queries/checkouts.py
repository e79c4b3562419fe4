from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.orders.errors import CheckoutNotFound, OrderNotFound
from marketplace.orders.parts import DUE_CHECKOUT, ORDERS


async def checkout_of_order(order_id: UUID, buyer_id: UUID) -> UUID:
    """The checkout with which its buyer pays this order, or the part of it that is due. Raises OrderNotFound."""
    found: UUID | None = await db.fetch_val(
        f"SELECT {DUE_CHECKOUT} FROM orders o WHERE o.id = $1 AND o.buyer = $2", order_id, buyer_id
    )
    if found is None:
        raise OrderNotFound
    return found


async def own_checkout(checkout_id: UUID, buyer_id: UUID) -> UUID:
    """Raises CheckoutNotFound."""
    if not await db.fetch_val("SELECT true FROM checkouts WHERE id = $1 AND buyer = $2", checkout_id, buyer_id):
        raise CheckoutNotFound
    return checkout_id


class Sale(Struct, frozen=True):
    order_id: UUID
    number: str
    seller: UUID


async def sales_of(checkout_id: UUID) -> list[Sale]:
    """The orders that are paid with a checkout, be it in part."""
    rows = await db.fetch(
        f"SELECT id, number, seller FROM orders WHERE id IN {ORDERS.format('$1')} ORDER BY id", checkout_id
    )
    return [Sale(*row.values()) for row in rows]
