"""What of an order its two sides may review, as each way to sell says. The reviews themselves are written in `reviews`. RULES: Orders.

    class GigReviews:
        kind, order_kind, both_sides = "gig", "gig", True
        subject = "(SELECT p.gig FROM gig_packages p WHERE p.id = l.subject)"
        ratings = "SELECT id, rating_sum, rating_count FROM gigs"

        async def lock(self, subject_id: UUID) -> Reviewed:
            gig = await lock_gig(subject_id)
            return Reviewed(id=gig.id, seller=gig.seller, name=gig.title)

        async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
            await db.execute(
                "UPDATE gigs SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE id = $1", ...)

        async def check_seen(self, subject_id: UUID) -> None:
            await find_gig(subject_id)  # raises GigNotFound

    reviewing.register(GigReviews())

That is all: writing (`POST /reviews/`), both sides' silence until both have spoken, replies, editing, hiding by staff, the lists
(`GET /reviews/gig/{gig_id}/`), what the client is rated, the seller's standing, notices and invariants follow from it. Nothing has to
be called when an order completes: who may review is read from the order. What a way to sell shows of its reviews on its own pages
it reads with `SHOWN`.
"""

from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

SHOWN: Final = "r.hidden_at IS NULL AND (r.blind_until IS NULL OR r.blind_until <= now())"
"""SQL: whether everybody may see the review `r` of `reviews`. Of one subject: `r.kind = 'gig' AND r.subject = g.id AND ...`."""


class Reviewed(Struct, frozen=True, kw_only=True):
    """What is reviewed, and whose it is. `name` is what the notice to its seller calls it."""

    id: UUID
    seller: UUID
    name: str


class Reviewable(Protocol):
    """What the orders of one kind are reviewed for. The locks are taken in the house's order: the subject, then the order.

    There is one review for each order line. A kind that takes one by each person of a subject, however often they bought it, adds
    a unique index on `reviews (subject, author) WHERE kind = '...'`, as products do.
    """

    kind: str
    """What `reviews.kind` and the API call it: `product`, `gig`. At most 16 characters, and never another."""
    order_kind: str
    """Its `Fulfilment.kind`. An order may be reviewed from the moment its phase is `completed`."""
    both_sides: bool
    """The seller reviews the client, too; and nobody sees either review until both are in, or seven days after completion."""
    subject: str
    """SQL: the id of what an order line `l` of an order `o` is reviewed as; NULL: it is not."""
    ratings: str
    """SQL: `id, rating_sum, rating_count` of every subject, which invariants compare with its reviews; empty: none are kept."""

    async def lock(self, subject_id: UUID) -> Reviewed:
        """Lock its row (`FOR NO KEY UPDATE`), which keeps the rating. Raises the way's own NotFound.

        What is no longer offered, or was taken down, is locked all the same: orders of it are reviewed still.
        """
        ...

    async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
        """Add to what it was rated in sum, and how often; drop cached pages. In the transaction that has it locked.

        Called once for each review that begins or ceases to count, and with `count=0` for one that was changed.
        """
        ...

    async def check_seen(self, subject_id: UUID) -> None:
        """Raises the way's own NotFound if the public sees no such subject. Asked only when it has no reviews to list."""
        ...


_by_kind: dict[str, Reviewable] = {}
_by_order: dict[str, Reviewable] = {}


def register(reviewable: Reviewable) -> None:
    """Raises ValueError where a kind of review or of order is taken by another."""
    for taken, name in ((_by_kind, reviewable.kind), (_by_order, reviewable.order_kind)):
        if name in taken and type(taken[name]) is not type(reviewable):
            raise ValueError(f"{name!r} is reviewed as {type(taken[name]).__name__} already")
    if reviewable.kind == CLIENT or not 1 <= len(reviewable.kind) <= 16:
        raise ValueError(f"{reviewable.kind!r} is no name for a kind of review")
    _by_kind[reviewable.kind] = _by_order[reviewable.order_kind] = reviewable


CLIENT: Final = "client"
"""The kind of the reviews that sellers write: their subject is the buyer."""


def of_kind(kind: str) -> Reviewable | None:
    return _by_kind.get(kind)


def of_orders(order_kind: str) -> Reviewable | None:
    """None: orders of this kind are not reviewed."""
    return _by_order.get(order_kind)


def all_kinds() -> Mapping[str, Reviewable]:
    return _by_kind
