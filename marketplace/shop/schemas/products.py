"""Products: bodies and answers. `cost_price` and the journal's figures stand in none that others than the seller and staff see."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import Amount, AmountText, Currency
from marketplace.shop.schemas.common import CategoryRef, ImageOut, Person
from marketplace.shop.states import ProductStatus

MOST_VARIANTS = 100

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=20_000)]
Category = Annotated[str, Meta(max_length=200, description="A category's id or slug.")]
Sku = Annotated[str, Meta(max_length=80)]
Quantity = Annotated[int, Meta(ge=0, le=10_000_000, description="How many can be sold.")]
Kilograms = Annotated[Decimal, Meta(description="In kilograms, to the gram: text, or a JSON number", examples=["2.1"])]
Dimensions = Annotated[str, Meta(max_length=100, examples=["35 x 24 x 1.6 cm"])]
TaxClass = Annotated[
    str,
    Meta(
        max_length=24, pattern=r"^[a-z0-9_-]*$", examples=["books"],
        description="What the platform's tax rates know it as; empty for the ordinary rate.",
    ),
]  # fmt: skip
Attributes = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=60)], Annotated[str, Meta(max_length=200)]],
    Meta(max_length=50, examples=[{"ram": "16GB", "storage": "512GB"}]),
]
Tags = Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=20)]
LowStock = Annotated[int, Meta(ge=0, le=1_000_000, description="At so many left you are told.")]
Status = Annotated[
    ProductStatus, Meta(description="Only active products are shown and sold; a new one is a draft, or active.")
]


class VariantIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a price, the product's."""

    name: Name
    sku: Sku = ""
    price: Amount | None = None
    quantity: Quantity = 0
    attributes: Attributes = {}
    weight: Kilograms | None = None


class CreateProduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`quantity` is for a product without variants; with them, each has its own."""

    name: Name
    description: Description = ""
    category: Category | None = None
    category_id: UUID | None = None
    price: Amount
    compare_price: Annotated[Amount, Meta(description="What it cost before; above the price.")] | None = None
    cost_price: Annotated[Amount, Meta(description="What it costs you. Nobody else sees it.")] | None = None
    currency: Currency = "USD"
    sku: Sku = ""
    quantity: Quantity | None = None
    weight: Kilograms | None = None
    dimensions: Dimensions = ""
    tax_class: TaxClass = ""
    attributes: Attributes = {}
    variants: Annotated[list[VariantIn], Meta(max_length=MOST_VARIANTS)] = []
    tags: Tags = []
    status: Status = ProductStatus.ACTIVE
    tracks_stock: Annotated[bool, Meta(description="False: never out of stock.")] = True
    low_stock_at: LowStock = 5


class UpdateVariant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With an `id`, what is left out stays; without one it is a new variant and needs a name."""

    id: UUID | None = None
    name: Name | UnsetType = UNSET
    sku: Sku | UnsetType = UNSET
    price: Amount | UnsetType | None = UNSET
    quantity: Quantity | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    weight: Kilograms | UnsetType | None = UNSET


class UpdateProduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. `variants` names all there shall be: one that is not named is no longer sold."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType | None = UNSET
    category_id: UUID | UnsetType | None = UNSET
    price: Amount | UnsetType = UNSET
    compare_price: Amount | UnsetType | None = UNSET
    cost_price: Amount | UnsetType | None = UNSET
    currency: Annotated[Currency, Meta(description="As it is: a listing keeps its currency.")] | UnsetType = UNSET
    sku: Sku | UnsetType = UNSET
    quantity: Quantity | UnsetType = UNSET
    weight: Kilograms | UnsetType | None = UNSET
    dimensions: Dimensions | UnsetType = UNSET
    tax_class: TaxClass | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    variants: Annotated[list[UpdateVariant], Meta(max_length=MOST_VARIANTS)] | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    tracks_stock: bool | UnsetType = UNSET
    low_stock_at: LowStock | UnsetType = UNSET


Rating = Annotated[float, Meta(ge=1, le=5, description="To one decimal; null without reviews.")]
Available = Annotated[int, Meta(ge=0, description="How many can be sold; null where stock is not counted.")]


class ProductCard(Struct, frozen=True, kw_only=True):
    """A product in a list. `quantity` is over all variants."""

    id: UUID
    name: str
    slug: str
    status: ProductStatus
    currency: Currency
    price: AmountText
    compare_price: AmountText | None
    discount_percentage: Annotated[int, Meta(ge=0, le=100)]
    quantity: Available | None
    is_in_stock: bool
    is_featured: bool
    category: CategoryRef | None
    seller: Person
    image: Annotated[str, Meta(description="Address of the first picture, small.")] | None
    images: list[ImageOut]
    average_rating: Rating | None
    review_count: int
    in_wishlist: bool
    created_at: datetime


class MyProductCard(ProductCard, frozen=True, kw_only=True):
    """The seller's own view."""

    sku: str
    cost_price: AmountText | None
    low_stock_at: int
    is_low_stock: bool
    sold_count: int
    updated_at: datetime


class VariantOut(Struct, frozen=True, kw_only=True):
    """Something to choose. `price` is what it costs; `on_hand` and `reserved` are for the seller and staff only."""

    id: UUID
    name: str
    sku: str
    price: AmountText
    quantity: Available | None
    is_in_stock: bool
    attributes: dict[str, str]
    weight: str | None
    on_hand: int | None
    reserved: int | None


class ReviewLine(Struct, frozen=True, kw_only=True):
    id: UUID
    user: str
    rating: int
    title: str
    comment: str
    is_verified_purchase: bool
    created_at: datetime


class ProductOut(ProductCard, frozen=True, kw_only=True):
    """Everything about one product. `cost_price`, `low_stock_at` and `sold_count` are null for all but the seller and staff."""

    description: str
    sku: str
    weight: Annotated[str, Meta(description="In kilograms.")] | None
    dimensions: str
    tax_class: str
    attributes: dict[str, str]
    tags: list[str]
    variants: Annotated[list[VariantOut], Meta(description="Empty where there is nothing to choose.")]
    reviews: Annotated[list[ReviewLine], Meta(description="The newest.")]
    related: list[ProductCard]
    cost_price: AmountText | None
    low_stock_at: int | None
    sold_count: int | None
    updated_at: datetime


class Band(Struct, frozen=True, kw_only=True):
    """Prices from `min_price` to `max_price`, both as the list's filters take them; null: no end."""

    min_price: AmountText
    max_price: AmountText | None
    count: int


class CategoryCount(Struct, frozen=True, kw_only=True):
    """With all below it."""

    id: UUID
    parent: UUID | None
    name: str
    slug: str
    count: int


class RatingCount(Struct, frozen=True, kw_only=True):
    """`rating` and more: what `rating_min` finds."""

    rating: int
    count: int


class StockCount(Struct, frozen=True, kw_only=True):
    in_stock: int
    out_of_stock: int


class Facets(Struct, frozen=True, kw_only=True):
    """How many products the same filters find, by what one may narrow them by next."""

    count: int
    categories: list[CategoryCount]
    prices: Annotated[list[Band], Meta(description="In one currency: `currency`, or the one most of them have.")]
    currency: Currency | None
    ratings: list[RatingCount]
    stock: StockCount
