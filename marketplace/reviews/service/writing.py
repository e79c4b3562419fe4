"""Writing a review: of what one bought, or of a client one sold to."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.orders import reviewing
from marketplace.orders.reviewing import CLIENT, Reviewable
from marketplace.orders.states import Phase
from marketplace.reviews import rules
from marketplace.reviews.errors import AlreadyReviewed, NotABuyer, NotReviewed, OrderNotCompleted, ReviewClosed
from marketplace.reviews.queries.locking import lock_subjects, name_of
from marketplace.reviews.queries.purchases import Line, Purchase, find_bought, get_purchase, lines_of
from marketplace.reviews.service import revealing

INSERT: Final = """
INSERT INTO reviews (id, kind, subject, "order", order_line, author, reviewee, rating, title, comment, reply, hidden_reason,
  blind_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11, $12) ON CONFLICT DO NOTHING
RETURNING id, kind, subject, "order", author, reviewee, rating
"""
OTHERS: Final = """
SELECT coalesce(bool_or(blind_until IS NULL OR blind_until <= $3), false) AS revealed, count(*) AS there
FROM reviews WHERE "order" = $1 AND (kind = 'client') <> $2
"""


class Words(Struct, frozen=True, kw_only=True):
    """What is said. `rating` is of 1 to 5."""

    rating: int
    title: str
    comment: str


async def review_subject(kind: str, subject_id: UUID, author_id: UUID, said: Words) -> UUID:
    """What the author bought, by the first purchase that has no review. Returns the review's id.

    Raises NotABuyer, AlreadyReviewed, ReviewClosed, and the NotFound of the way to sell.
    """
    reviewable = reviewing.of_kind(kind)
    assert reviewable is not None, f"nothing of kind {kind!r} is sold"
    line = await find_bought(reviewable, author_id, subject_id)
    if line is None:
        raise NotABuyer
    return await _write(reviewable, await get_purchase(line.order, author_id), line, author_id, said)


async def review_order(order_id: UUID, author_id: UUID, said: Words, line_id: UUID | None = None) -> UUID:
    """By the order's buyer one of its lines, which must be named where it has several; by its seller the client.

    Raises OrderNotFound, NotReviewed, OrderNotCompleted, AlreadyReviewed, ReviewClosed, ValidationFailed.
    """
    purchase = await get_purchase(order_id, author_id)
    reviewable = reviewing.of_orders(purchase.kind)
    lines = await lines_of(reviewable, order_id) if reviewable else []
    if reviewable is None or not lines or (author_id == purchase.seller and not reviewable.both_sides):
        raise NotReviewed
    if purchase.phase is not Phase.COMPLETED:
        raise OrderNotCompleted(status=purchase.status)
    line = lines[0] if author_id == purchase.seller else _chosen(lines, line_id)
    return await _write(reviewable, purchase, line, author_id, said)


def _chosen(lines: list[Line], line_id: UUID | None) -> Line:
    if line_id is None and len(lines) == 1:
        return lines[0]
    for line in lines:
        if line.id == line_id:
            return line
    told = "None of this order's lines has this id." if line_id else "This order has several lines: say which one."
    raise ValidationFailed(fields={"line_id": [told]}, lines=[str(line.id) for line in lines])


async def _write(reviewable: Reviewable, purchase: Purchase, line: Line, author_id: UUID, said: Words) -> UUID:
    of_client = author_id == purchase.seller
    kind, subject = (CLIENT, purchase.buyer) if of_client else (reviewable.kind, line.subject)
    reviewee = purchase.buyer if of_client else purchase.seller
    async with db.transaction():
        about = await lock_subjects(reviewable, purchase.id, line.subject)
        now, due, both = clock.now(), None, False
        if reviewable.both_sides:
            assert purchase.completed_at is not None, "it is completed"
            both = await _other_side_waits(purchase.id, of_client=of_client)
            due = purchase.completed_at + await rules.blind_time()
        review = await db.fetch_row(
            INSERT,
            uuid7(), kind, subject, purchase.id, line.id, author_id, reviewee, said.rating, said.title.strip(),
            said.comment.strip(), max(due, now) if due else None, now,
        )  # fmt: skip
        if review is None:
            raise AlreadyReviewed
        if due is None:
            await revealing.begin(review, name_of(kind, subject, about))
        elif both or due <= now:
            await revealing.reveal_locked(purchase.id, about)
            await timers.cancel(revealing.TIMER, purchase.id)
        else:
            await timers.schedule(revealing.TIMER, purchase.id, due)
        review_id: UUID = review["id"]
        return review_id


async def _other_side_waits(order_id: UUID, *, of_client: bool) -> bool:
    """Whether the other side has spoken, and nobody has heard it yet. Raises ReviewClosed if everybody has."""
    row = await db.fetch_row(OTHERS, order_id, of_client, clock.now())
    assert row is not None
    if row["revealed"]:
        raise ReviewClosed
    return bool(row["there"])
