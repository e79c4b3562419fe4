"""People who bought something and have it, and what they say of it."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import NotFound
from marketplace.orders import reviewing
from marketplace.orders.reviewing import Reviewed
from marketplace.orders.service import completing, shipping
from marketplace.reviews.service import writing
from marketplace.reviews.service.writing import Words
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item
from tests.factories.accounts import a_user
from tests.factories.checkouts import an_address, order
from tests.factories.orders import TestGoods, an_order, pay, read


def words(rating: int = 5, **over: Any) -> Words:
    return Words(**({"rating": rating, "title": "Excellent laptop!", "comment": "Excellent performance."} | over))


async def review(product: UUID, author: UUID, rating: int = 5) -> UUID:
    """Of a product, by who bought it."""
    return await writing.review_subject("product", product, author, words(rating))


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


class TestGigs:
    """What orders of the test kind are reviewed as: by both sides, each line's subject as it is. Remembers how ratings moved."""

    __test__ = False
    kind = "test_gig"
    order_kind = TestGoods.kind
    both_sides = True
    subject = "l.subject"
    ratings = ""

    def __init__(self) -> None:
        self.moved: list[tuple[UUID, int, int]] = []

    async def lock(self, subject_id: UUID) -> Reviewed:
        seller = await db.fetch_val(
            'SELECT o.seller FROM order_lines l JOIN orders o ON o.id = l."order" WHERE l.subject = $1', subject_id
        )
        return Reviewed(id=subject_id, seller=seller, name="A logo")

    async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
        self.moved.append((subject_id, rating, count))

    async def check_seen(self, subject_id: UUID) -> None:
        raise NotFound


GIGS = TestGigs()
reviewing.register(GIGS)


async def completed(buyer: UUID | None = None, seller: UUID | None = None, **line: Any) -> UUID:
    """A completed order whose two sides review each other."""
    placed = await an_order(buyer=buyer, seller=seller, paid=True, **line)
    await completing.complete(placed, None, "received")
    return placed


async def silence_ends(placed: UUID) -> None:
    """The days in which both sides may speak unheard have passed; nobody has looked yet."""
    await db.execute(
        "UPDATE reviews SET blind_until = now() - interval '1 second' WHERE \"order\" = $1 AND blind_until IS NOT NULL",
        placed,
    )
    await db.execute(
        "UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = 'reviews.reveal' AND key = $1", str(placed)
    )
