"""Gigs: bodies and answers. What is counted of visitors stands in none that others than the seller and staff see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import Amount, AmountText, Currency
from marketplace.gigs.rules import MOST_EXTRAS, MOST_FAQS, MOST_LANGUAGES, MOST_REQUIREMENTS
from marketplace.gigs.schemas.common import (
    Category,
    CategoryRef,
    Days,
    Description,
    ExtraOut,
    FaqOut,
    Language,
    Line,
    PackageOut,
    Rating,
    RequirementOut,
    Seller,
    Tags,
    Title,
)
from marketplace.gigs.schemas.media import GigMediaOut
from marketplace.gigs.schemas.packages import PackageIn
from marketplace.gigs.states import GigStatus, RequirementKind

Languages = Annotated[list[Language], Meta(max_length=MOST_LANGUAGES, description="Languages you work in.")]


class ExtraIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With an `id` it is the one there is, without one another."""

    id: UUID | None = None
    title: Title
    description: Annotated[str, Meta(max_length=1000)] = ""
    price: Amount
    extra_days: Annotated[int, Meta(ge=-365, le=365, description="Negative: it is faster.")] = 0


class FaqIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    question: Annotated[str, Meta(min_length=1, max_length=300)]
    answer: Annotated[str, Meta(min_length=1, max_length=3000)]


class RequirementIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to the buyer. `choices` are for the kinds `choice` and `multiple`, two at least."""

    kind: RequirementKind = RequirementKind.TEXT
    question: Annotated[str, Meta(min_length=1, max_length=1000)]
    choices: Annotated[list[Line], Meta(max_length=20)] = []
    is_required: bool = True


Packages = Annotated[list[PackageIn], Meta(max_length=3)]
Extras = Annotated[list[ExtraIn], Meta(max_length=MOST_EXTRAS)]
Faqs = Annotated[list[FaqIn], Meta(max_length=MOST_FAQS)]
Requirements = Annotated[list[RequirementIn], Meta(max_length=MOST_REQUIREMENTS)]


class CreateGig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft: only its title is needed yet."""

    title: Title
    description: Description = ""
    category: Category | None = None
    category_id: UUID | None = None
    currency: Currency = "USD"
    languages: Languages = []
    tags: Tags = []
    packages: Packages = []
    extras: Extras = []
    faqs: Faqs = []
    requirements: Requirements = []


class UpdateGig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. `extras`, `faqs` and `requirements` name all there shall be; packages have routes of their own."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    category_id: UUID | UnsetType = UNSET
    currency: Annotated[Currency, Meta(description="Only while the gig has no price.")] | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    extras: Extras | UnsetType = UNSET
    faqs: Faqs | UnsetType = UNSET
    requirements: Requirements | UnsetType = UNSET


class Cover(Struct, frozen=True, kw_only=True):
    """What a list shows of a gig; of a video its still picture."""

    url: str
    thumbnail: str
    is_video: bool


class GigCard(Struct, frozen=True, kw_only=True):
    """A gig in a list. `starting_price` and `delivery_days` are those of its main package."""

    id: UUID
    title: str
    slug: str
    status: GigStatus
    seller: Seller
    category: CategoryRef | None
    currency: Currency
    starting_price: AmountText | None
    delivery_days: int | None
    languages: list[str]
    cover: Cover | None
    has_video: bool
    average_rating: Rating | None
    review_count: int
    order_count: Annotated[int, Meta(ge=0, description="Orders that were completed.")]
    is_featured: bool
    published_at: datetime | None


class MyGigCard(GigCard, frozen=True, kw_only=True):
    """The seller's own view."""

    rejected_reason: str
    is_hidden: Annotated[bool, Meta(description="Your account is suspended: nobody sees it.")]
    view_count: int
    click_count: int
    ordered_count: Annotated[int, Meta(ge=0, description="Orders, completed or not.")]
    created_at: datetime
    updated_at: datetime


class GigOut(GigCard, frozen=True, kw_only=True):
    """Everything about one gig. What is counted of visitors, and why it was rejected, is null for all but the seller and staff."""

    description: str
    tags: list[str]
    packages: list[PackageOut]
    extras: list[ExtraOut]
    faqs: list[FaqOut]
    requirements: list[RequirementOut]
    media: list[GigMediaOut]
    rejected_reason: str | None
    view_count: int | None
    click_count: int | None
    ordered_count: int | None
    created_at: datetime
    updated_at: datetime


class CategoryCount(Struct, frozen=True, kw_only=True):
    """With all below it."""

    id: UUID
    parent: UUID | None
    name: str
    slug: str
    count: int


class Band(Struct, frozen=True, kw_only=True):
    """Prices from `min_price` to `max_price`, both as the list's filters take them; null: no end."""

    min_price: AmountText
    max_price: AmountText | None
    count: int


class DeliveryCount(Struct, frozen=True, kw_only=True):
    """Delivered within so many days: what `delivery_days` finds."""

    delivery_days: Days
    count: int


class RatingCount(Struct, frozen=True, kw_only=True):
    """`rating` and more: what `rating_min` finds."""

    rating: int
    count: int


class LevelCount(Struct, frozen=True, kw_only=True):
    level: str
    count: int


class LanguageCount(Struct, frozen=True, kw_only=True):
    language: str
    count: int


class GigFacets(Struct, frozen=True, kw_only=True):
    """How many gigs the same filters find, by what one may narrow them by next."""

    count: int
    categories: list[CategoryCount]
    prices: Annotated[list[Band], Meta(description="In one currency: `currency`, or the one most of them have.")]
    currency: Currency | None
    delivery: list[DeliveryCount]
    ratings: list[RatingCount]
    levels: list[LevelCount]
    languages: list[LanguageCount]
    with_video: int
