"""People who bought something and have it, and what they say of it."""

from typing import Any
from uuid import UUID

from marketplace.orders.service import completing, shipping
from marketplace.reviews.schemas import NewReview
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item
from tests.factories.accounts import a_user
from tests.factories.checkouts import an_address, order
from tests.factories.orders import pay, read


def a_review(rating: int = 5, **over: Any) -> NewReview:
    return NewReview(
        **({"rating": rating, "title": "Excellent laptop!", "comment": "Excellent performance."} | over)
    )  # fmt: skip


async def ordered(product: UUID, buyer: UUID) -> UUID:
    """An order of one, that is paid."""
    await add_item(Owner(user=buyer), product, None, 1)
    placed = await order(buyer, await an_address(buyer))
    await pay((await read(placed)).checkout)
    return placed


async def bought(product: UUID, buyer: UUID | None = None) -> UUID:
    """The buyer, who has it."""
    buyer = buyer or (await a_user()).id
    placed = await ordered(product, buyer)
    await shipping.ship(placed, (await read(placed)).seller, "DHL", "JD1")
    await completing.complete_bought(placed, buyer)
    return buyer
