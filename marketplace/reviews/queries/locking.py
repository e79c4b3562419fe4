"""Reviews locked. First what they are about, then, where two sides wait for each other, the order, then the review."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db
from marketplace.orders import reviewing
from marketplace.orders.reviewing import CLIENT, Reviewable, Reviewed
from marketplace.reviews.errors import ReviewNotFound
from marketplace.reviews.queries.purchases import lines_of


class LockedReview(Struct, frozen=True, kw_only=True):
    """A review under its row lock, with what it is about. `name` is what notices call that."""

    id: UUID
    kind: str
    subject: UUID
    order: UUID
    author: UUID
    reviewee: UUID
    rating: int
    name: str
    waits: bool
    """Its order has two sides that review each other."""
    is_replied: bool
    is_hidden: bool
    blind_until: datetime | None

    @property
    def is_blind(self) -> bool:
        """Its author alone sees it."""
        return self.blind_until is not None and self.blind_until > clock.now()

    @property
    def is_public(self) -> bool:
        return not self.is_hidden and not self.is_blind

    @property
    def counts(self) -> bool:
        """It is part of the ratings."""
        return not self.is_hidden and self.blind_until is None


HEAD: Final = 'SELECT r.kind, r.subject, r."order", o.kind AS order_kind FROM reviews r JOIN orders o ON o.id = r."order" WHERE r.id = $1'
ROW: Final = """SELECT id, kind, subject, "order", author, reviewee, rating, replied_at IS NOT NULL AS is_replied,
  hidden_at IS NOT NULL AS is_hidden, blind_until FROM reviews WHERE id = $1 FOR UPDATE"""


async def lock_subjects(reviewable: Reviewable, order_id: UUID, subject_id: UUID) -> Mapping[UUID, Reviewed]:
    """The subject; where both sides review each other, all that the order is about, by id, and then the order's row.

    Raises the NotFound of the way to sell.
    """
    if not reviewable.both_sides:
        return {subject_id: await reviewable.lock(subject_id)}
    subjects = sorted({line.subject for line in await lines_of(reviewable, order_id)})
    locked = {subject: await reviewable.lock(subject) for subject in subjects}
    await db.fetch_val("SELECT id FROM orders WHERE id = $1 FOR NO KEY UPDATE", order_id)
    return locked


async def lock_review(review_id: UUID) -> LockedReview:
    """Raises ReviewNotFound, and the NotFound of the way to sell."""
    head = await db.fetch_row(HEAD, review_id)
    reviewable = reviewing.of_orders(head["order_kind"]) if head else None
    if head is None or reviewable is None:
        raise ReviewNotFound
    about = await lock_subjects(reviewable, head["order"], head["subject"])
    row = await db.fetch_row(ROW, review_id)
    if row is None:
        raise ReviewNotFound
    return LockedReview(**row, name=name_of(row["kind"], row["subject"], about), waits=reviewable.both_sides)


def name_of(kind: str, subject_id: UUID, about: Mapping[UUID, Reviewed]) -> str:
    """A review of a client is called by what they ordered."""
    return next(iter(about.values())).name if kind == CLIENT else about[subject_id].name
