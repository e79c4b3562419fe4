"""What becomes of a review that is written: its author changes it or takes it back, the seller replies once."""

from uuid import UUID

from msgspec import UNSET

from marketplace.core import clock, db, outbox
from marketplace.core.errors import Forbidden
from marketplace.orders.reviewing import CLIENT
from marketplace.reviews.errors import AlreadyReplied, ReviewHidden, ReviewNotFound, ReviewRevealed
from marketplace.reviews.events import ReviewReplied
from marketplace.reviews.queries.locking import LockedReview, lock_review
from marketplace.reviews.schemas import ReviewChange
from marketplace.reviews.service import rating


async def change_review(review_id: UUID, author_id: UUID, change: ReviewChange) -> None:
    """By its author: of what one bought until the seller has replied, of two sides that wait for each other until both have read it.

    Raises ReviewNotFound, ReviewHidden, ReviewRevealed, AlreadyReplied.
    """
    async with db.transaction():
        review = await _lock_own(review_id, author_id)
        if review.is_replied:
            raise AlreadyReplied
        stars = review.rating if change.rating is UNSET else change.rating
        title = None if change.title is UNSET else change.title.strip()
        comment = None if change.comment is UNSET else change.comment.strip()
        await db.execute(
            "UPDATE reviews SET rating = $2, title = coalesce($3, title), comment = coalesce($4, comment), edited_at = $5 WHERE id = $1",
            review_id, stars, title, comment, clock.now(),
        )  # fmt: skip
        if review.counts:
            await rating.move(review.kind, review.subject, review.reviewee, rating=stars - review.rating, count=0)


async def take_back(review_id: UUID, author_id: UUID, of: UUID | None = None) -> None:
    """By its author; another may be written then. `of` is the subject it must be of, if given.

    Raises ReviewNotFound, ReviewHidden, ReviewRevealed.
    """
    async with db.transaction():
        review = await _lock_own(review_id, author_id, of)
        await db.execute("DELETE FROM reviews WHERE id = $1", review_id)
        if review.counts:
            await rating.move(review.kind, review.subject, review.reviewee, rating=-review.rating, count=-1)


async def reply(review_id: UUID, seller_id: UUID, text: str, of: UUID | None = None) -> None:
    """The seller's one answer. Raises ReviewNotFound, Forbidden, AlreadyReplied."""
    async with db.transaction():
        review = await lock_review(review_id)
        if not review.is_public or (of is not None and review.subject != of):
            raise ReviewNotFound
        if review.reviewee != seller_id or review.kind == CLIENT:
            raise Forbidden("Only its seller may do that.")
        if review.is_replied:
            raise AlreadyReplied
        await db.execute(
            "UPDATE reviews SET reply = $2, replied_at = $3 WHERE id = $1", review_id, text.strip(), clock.now()
        )
        await rating.move(review.kind, review.subject, review.reviewee, rating=0, count=0)
        await outbox.emit(
            ReviewReplied(
                review_id=review_id, kind=review.kind, subject_id=review.subject, order_id=review.order,
                author_id=review.author, name=review.name,
            )
        )  # fmt: skip


async def _lock_own(review_id: UUID, author_id: UUID, of: UUID | None = None) -> LockedReview:
    """One that its author may still change."""
    review = await lock_review(review_id)
    if review.author != author_id or (of is not None and review.subject != of):
        raise ReviewNotFound
    if review.is_hidden:
        raise ReviewHidden
    if review.waits and not review.is_blind:
        raise ReviewRevealed
    return review
