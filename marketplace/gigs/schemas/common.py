"""Pieces that several answers share, and what the texts and numbers of a gig may be."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText
from marketplace.gigs.states import RequirementKind, Tier

Title = Annotated[str, Meta(min_length=1, max_length=120)]
Description = Annotated[str, Meta(max_length=20_000)]
Category = Annotated[str, Meta(max_length=200, description="A category's id or slug.")]
Tags = Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=20)]
Language = Annotated[
    str, Meta(max_length=12, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", examples=["en", "zh-Hans"])
]
Days = Annotated[int, Meta(ge=1, le=365, description="Days from the start of the work to its delivery.")]
Revisions = Annotated[
    int, Meta(ge=0, le=100, description="How often it is reworked for the price; null: without limit.")
]
Line = Annotated[str, Meta(min_length=1, max_length=120)]
Rating = Annotated[float, Meta(ge=1, le=5, description="To one decimal; null without reviews.")]


class Seller(Struct, frozen=True, kw_only=True):
    """`level` is `new` until something has been sold."""

    id: UUID
    username: str
    level: str


class CategoryRef(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str


class PackageOut(Struct, frozen=True, kw_only=True):
    """What one price buys."""

    id: UUID
    tier: Tier
    title: str
    description: str
    price: AmountText
    delivery_days: int
    revisions: Annotated[int, Meta(ge=0)] | None
    is_main: bool
    features: list[str]


class ExtraOut(Struct, frozen=True, kw_only=True):
    """What can be had on top of any package."""

    id: UUID
    title: str
    description: str
    price: AmountText
    extra_days: Annotated[int, Meta(description="Days it takes longer; negative: it is faster.")]


class FaqOut(Struct, frozen=True, kw_only=True):
    question: str
    answer: str


class RequirementOut(Struct, frozen=True, kw_only=True):
    """What the seller asks before the work begins."""

    id: UUID
    kind: RequirementKind
    question: str
    choices: list[str]
    is_required: bool
