"""Staff hide a review, or show it again."""

from uuid import UUID

from marketplace.core import audit, clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.reviews.queries.locking import lock_review
from marketplace.reviews.service import rating
from marketplace.shop.errors import OwnInterest


async def hide_review(actor_id: UUID | None, review_id: UUID, hidden: bool, reason: str) -> None:
    """Take a review out of the lists and the ratings, or put it back. One that is so already stays as it is.

    Raises ReviewNotFound, ValidationFailed, OwnInterest.
    """
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        review = await lock_review(review_id)
        if actor_id in (review.reviewee, review.author):
            raise OwnInterest
        if review.is_hidden == hidden:
            return
        await db.execute(
            "UPDATE reviews SET hidden_at = $2, hidden_by = $3, hidden_reason = $4 WHERE id = $1",
            review_id, clock.now() if hidden else None, actor_id if hidden else None, reason.strip() if hidden else "",
        )  # fmt: skip
        if review.blind_until is None:
            sign = -1 if hidden else 1
            await rating.move(review.kind, review.subject, review.reviewee, rating=sign * review.rating, count=sign)
        await audit.record(
            actor=actor_id, action="review.hidden" if hidden else "review.shown", object_type="review",
            object_id=str(review_id), reason=reason, before={"is_hidden": not hidden}, after={"is_hidden": hidden},
        )  # fmt: skip
