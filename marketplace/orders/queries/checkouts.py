from uuid import UUID

from marketplace.core import db
from marketplace.orders.errors import CheckoutNotFound, OrderNotFound


async def checkout_of_order(order_id: UUID, buyer_id: UUID) -> UUID:
    """The checkout with which its buyer pays this order. Raises OrderNotFound."""
    found: UUID | None = await db.fetch_val(
        "SELECT checkout FROM orders WHERE id = $1 AND buyer = $2", order_id, buyer_id
    )
    if found is None:
        raise OrderNotFound
    return found


async def own_checkout(checkout_id: UUID, buyer_id: UUID) -> UUID:
    """Raises CheckoutNotFound."""
    if not await db.fetch_val("SELECT true FROM checkouts WHERE id = $1 AND buyer = $2", checkout_id, buyer_id):
        raise CheckoutNotFound
    return checkout_id
