from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Stars = Annotated[int, Meta(ge=1, le=5)]
Comment = Annotated[str, Meta(min_length=1, max_length=5000, pattern=r"\S")]


class NewReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rating: Stars
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", examples=["Excellent laptop!"])]
    comment: Comment


class NewReply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reply: Comment


class ReviewOut(Struct, frozen=True, kw_only=True):
    """A review. `user` is its author's public name; the texts of an erased account are empty."""

    id: UUID
    user: str
    rating: Stars
    title: str
    comment: str
    is_verified_purchase: bool
    is_approved: Annotated[bool, Meta(description="False once staff have hidden it.")]
    reply: Annotated[str, Meta(description="The seller's.")] | None
    replied_at: datetime | None
    created_at: datetime
