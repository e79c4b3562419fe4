from uuid import UUID

from msgspec import Struct


class ReviewWritten(Struct, tag="review_written", frozen=True, kw_only=True):
    """Everybody may read a review from now on. Of one that waits for the other side's nothing is told before.

    `kind` and `subject_id` are what it is about; that, or what was ordered, is called `name`.
    """

    review_id: UUID
    kind: str
    subject_id: UUID
    order_id: UUID
    author_id: UUID
    reviewee_id: UUID
    name: str
    rating: int


class ReviewReplied(Struct, tag="review_replied", frozen=True, kw_only=True):
    """The seller has replied to what `author_id` wrote."""

    review_id: UUID
    kind: str
    subject_id: UUID
    order_id: UUID
    author_id: UUID
    name: str


class SellerRated(Struct, tag="seller_rated", frozen=True, kw_only=True):
    """What a seller's buyers rated them has changed."""

    seller_id: UUID
