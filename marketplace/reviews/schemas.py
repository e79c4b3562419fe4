from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.reviews.states import Side

Stars = Annotated[int, Meta(ge=1, le=5)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", examples=["Excellent laptop!"])]
Comment = Annotated[str, Meta(min_length=1, max_length=5000, pattern=r"\S")]
Reason = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"\S")]


class NewReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rating: Stars
    title: Title
    comment: Comment


class NewOrderReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one side of an order says of the other: its buyer of what was bought, its seller of the client."""

    order_id: UUID
    line_id: (
        Annotated[UUID, Meta(description="Which of the order's lines the buyer reviews, if it has several.")] | None
    ) = None
    rating: Stars
    title: Annotated[str, Meta(max_length=200)] = ""
    comment: Comment


class ReviewChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    rating: Stars | UnsetType = UNSET
    title: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET


class NewReply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reply: Comment


class Judgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why staff hide a review, or show it again."""

    reason: Reason


class ReviewOut(Struct, frozen=True, kw_only=True):
    """A review. `user` is its author's public name, `reviewee` whom it speaks of; the texts of an erased account are empty."""

    id: UUID
    kind: Annotated[str, Meta(description="What it is about: `product`, `gig`, `client`, ...")]
    side: Annotated[Side, Meta(description="Whether it speaks of a seller or of a client.")]
    subject_id: Annotated[UUID, Meta(description="Of the product, the gig, or the client.")]
    user: str
    reviewee: str
    rating: Stars
    title: str
    comment: str
    is_verified_purchase: bool
    is_approved: Annotated[bool, Meta(description="False once staff have hidden it.")]
    reply: Annotated[str, Meta(description="The seller's.")] | None
    replied_at: datetime | None
    blind_until: (
        Annotated[datetime, Meta(description="Until then its author alone sees it, unless both sides' are in.")] | None
    )
    edited_at: datetime | None
    created_at: datetime


class OwnReviewOut(ReviewOut, frozen=True, kw_only=True):
    """One's own, with the order it is about."""

    order_id: UUID
    order_number: str


class StaffReviewRow(OwnReviewOut, frozen=True, kw_only=True):
    """What staff see of any review, blind ones included."""

    author_id: UUID
    reviewee_id: UUID
    hidden_at: datetime | None
    hidden_by: UUID | None
    hidden_reason: str
