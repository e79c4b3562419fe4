"""Ordering something that is for sale, whatever the way it is sold."""

from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.orders import ordering
from marketplace.orders.service.placing import place


async def order(buyer: UUID, request: Struct) -> UUID:
    """Place what a registered way to sell makes of the request, or find what it has placed before. The first order's id."""
    async with db.transaction():
        wanted = await ordering.ordered(buyer, request)
        if isinstance(wanted, UUID):
            return wanted
        placed = await place(buyer, wanted, actor=buyer)
        return placed.orders[0].id
