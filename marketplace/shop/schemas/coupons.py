"""Coupons and promotions: bodies and answers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import Amount, AmountText, Currency
from marketplace.shop.states import CouponKind, CouponState

Code: TypeAlias = Annotated[
    str, Meta(min_length=3, max_length=40, pattern=r"^[A-Za-z0-9_-]+$", description="Capitals do not matter.", examples=["SPRING-10"])
]  # fmt: skip
Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Percent: TypeAlias = Annotated[
    Decimal, Meta(description="More than 0, up to 100, with two decimals at most.", examples=["15"])
]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True, description="ISO 8601 with a zone.")]
Times: TypeAlias = Annotated[int, Meta(ge=1, le=10**9)]
Ids: TypeAlias = Annotated[list[UUID], Meta(max_length=200)]


class NewCoupon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a `code` it is a promotion: it applies by itself.

    `percent` needs percent, `fixed` an amount and its currency; `free_shipping` neither. `products` and `categories` narrow
    it; what is left out narrows nothing. A coupon that does not combine is used without any other code.
    """

    title: Title
    kind: CouponKind
    code: Code | None = None
    percent: Percent | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    max_discount: Amount | None = None
    min_spend: Amount | None = None
    products: Ids = []
    categories: Ids = []
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    max_uses: Times | None = None
    max_uses_per_customer: Times | None = None
    combines: bool = True
    is_active: bool = True


class NewHouseCoupon(NewCoupon, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the house: good for what every seller sells, or for those of `sellers`."""

    sellers: Ids = []


class CouponChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed, the rest stays. Kind, code and currency never change."""

    title: Title | UnsetType = UNSET
    percent: Percent | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    max_discount: Amount | UnsetType | None = UNSET
    min_spend: Amount | UnsetType | None = UNSET
    products: Ids | UnsetType = UNSET
    categories: Ids | UnsetType = UNSET
    starts_at: Instant | UnsetType | None = UNSET
    ends_at: Instant | UnsetType | None = UNSET
    max_uses: Times | UnsetType | None = UNSET
    max_uses_per_customer: Times | UnsetType | None = UNSET
    combines: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class CouponOut(Struct, frozen=True, kw_only=True):
    """`seller` is null for one of the house, `code` for a promotion. `used_count`: uses that were not given back by a cancellation."""

    id: UUID
    seller: UUID | None
    code: str | None
    title: str
    kind: CouponKind
    percent: Annotated[str, Meta(examples=["12.5"])] | None
    amount: AmountText | None
    currency: Currency | None
    max_discount: AmountText | None
    min_spend: AmountText | None
    products: list[UUID]
    categories: list[UUID]
    sellers: list[UUID]
    starts_at: datetime | None
    ends_at: datetime | None
    max_uses: int | None
    max_uses_per_customer: int | None
    used_count: int
    combines: bool
    is_active: bool
    state: CouponState
    created_at: datetime
    updated_at: datetime
