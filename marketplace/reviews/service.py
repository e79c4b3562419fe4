"""Reviews: written, answered, taken back, hidden. Every one locks the product first, whose rating moves with it."""

from uuid import UUID

from marketplace.core import audit, clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.reviews.errors import AlreadyReplied, AlreadyReviewed, NotABuyer, ReviewHidden, ReviewNotFound
from marketplace.reviews.events import ReviewReplied, ReviewWritten
from marketplace.reviews.queries import find_line, lock_review, product_of
from marketplace.reviews.schemas import NewReview
from marketplace.shop.errors import OwnInterest
from marketplace.shop.freshness import products_changed
from marketplace.shop.policies import Actor, check_owns
from marketplace.shop.queries.locking import lock_product
from marketplace.shop.service.rating import move_rating


async def write_review(product_id: UUID, author_id: UUID, said: NewReview) -> UUID:
    """Returns its id. Raises ProductNotFound, NotABuyer, AlreadyReviewed."""
    async with db.transaction():
        product = await lock_product(product_id)
        line = await find_line(author_id, product_id)
        if line is None:
            raise NotABuyer
        review_id: UUID | None = await db.fetch_val(
            "INSERT INTO reviews (id, kind, subject, \"order\", order_line, author, reviewee, rating, title, comment, reply, hidden_reason, "
            "created_at) SELECT $1, $2, $3, l.\"order\", l.id, $5, $6, $7, $8, $9, '', '', $10 FROM order_lines l WHERE l.id = $4 "
            "ON CONFLICT DO NOTHING RETURNING id",
            uuid7(), "product", product_id, line, author_id, product.seller, said.rating, said.title.strip(),
            said.comment.strip(), clock.now(),
        )  # fmt: skip
        if review_id is None:
            raise AlreadyReviewed
        await move_rating(product_id, rating=said.rating, count=1)
        await outbox.emit(
            ReviewWritten(
                review_id=review_id, product_id=product_id, seller_id=product.seller, name=product.name, rating=said.rating
            )
        )  # fmt: skip
        return review_id


async def reply(product_id: UUID, review_id: UUID, actor: Actor, text: str) -> None:
    """The seller's one answer. Raises ProductNotFound, Forbidden, ReviewNotFound, AlreadyReplied."""
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        review = await lock_review(review_id, product_id)
        if review.is_hidden:
            raise ReviewNotFound
        if review.is_replied:
            raise AlreadyReplied
        await db.execute(
            "UPDATE reviews SET reply = $2, replied_at = $3 WHERE id = $1", review_id, text.strip(), clock.now()
        )
        await outbox.emit(
            ReviewReplied(review_id=review_id, product_id=product_id, author_id=review.author, name=product.name)
        )
        products_changed()


async def delete_review(product_id: UUID, review_id: UUID, author_id: UUID) -> None:
    """Take back one's own; another may be written then. Raises ProductNotFound, ReviewNotFound, ReviewHidden."""
    async with db.transaction():
        await lock_product(product_id)
        review = await lock_review(review_id, product_id)
        if review.author != author_id:
            raise ReviewNotFound
        if review.is_hidden:
            raise ReviewHidden
        await db.execute("DELETE FROM reviews WHERE id = $1", review_id)
        await move_rating(product_id, rating=-review.rating, count=-1)


async def hide_review(actor_id: UUID | None, review_id: UUID, hidden: bool, reason: str) -> None:
    """Staff take a review out of the lists and the average, or put it back. Raises ReviewNotFound, ValidationFailed, OwnInterest."""
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        product = await lock_product(await product_of(review_id))
        review = await lock_review(review_id, product.id)
        if actor_id in (review.reviewee, review.author):
            raise OwnInterest
        if review.is_hidden == hidden:
            return
        await db.execute(
            "UPDATE reviews SET hidden_at = $2, hidden_by = $3, hidden_reason = $4 WHERE id = $1",
            review_id, clock.now() if hidden else None, actor_id if hidden else None, reason.strip() if hidden else "",
        )  # fmt: skip
        await move_rating(product.id, rating=-review.rating if hidden else review.rating, count=-1 if hidden else 1)
        await audit.record(
            actor=actor_id, action="review.hidden" if hidden else "review.shown", object_type="review",
            object_id=str(review_id), reason=reason, before={"is_hidden": not hidden}, after={"is_hidden": hidden},
        )  # fmt: skip


async def recompute_rating(actor_id: UUID | None, product_id: UUID) -> bool:
    """Work out a product's rating from its reviews. Returns whether it was wrong. Raises ProductNotFound."""
    async with db.transaction():
        await lock_product(product_id)
        row = await db.fetch_row(
            "SELECT coalesce(sum(r.rating), 0)::int - p.rating_sum AS rating, count(r.id)::int - p.rating_count AS count "
            "FROM products p LEFT JOIN reviews r ON r.kind = 'product' AND r.subject = p.id AND r.hidden_at IS NULL "
            "WHERE p.id = $1 GROUP BY p.id",
            product_id,
        )
        assert row is not None
        if not (row["rating"] or row["count"]):
            return False
        await move_rating(product_id, rating=row["rating"], count=row["count"])
        await audit.record(
            actor=actor_id, action="product.rating_recomputed", object_type="product", object_id=str(product_id),
            after={"rating_changed_by": row["rating"], "count_changed_by": row["count"]},
        )  # fmt: skip
        return True
