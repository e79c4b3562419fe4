from uuid import UUID

from msgspec import Struct


class ReviewWritten(Struct, tag="review_written", frozen=True, kw_only=True):
    """A buyer has reviewed a product, called `name`."""

    review_id: UUID
    product_id: UUID
    seller_id: UUID
    name: str
    rating: int


class ReviewReplied(Struct, tag="review_replied", frozen=True, kw_only=True):
    """The seller has replied to what `author_id` wrote."""

    review_id: UUID
    product_id: UUID
    author_id: UUID
    name: str
