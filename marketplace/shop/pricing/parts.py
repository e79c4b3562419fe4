"""What a quote is made of, and the quote itself. Amounts are minor units of the quote's one currency."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from marketplace.shop.states import CouponKind


class Item(Struct, frozen=True, kw_only=True):
    """So many of a variant, at the price on its tag. `above` are its category and those above that one."""

    id: UUID
    """The cart's item."""
    variant: UUID
    product: UUID
    seller: UUID
    title: str
    quantity: int
    unit_minor: int
    variant_name: str = ""
    sku: str = ""
    slug: str = ""
    category: UUID | None = None
    above: frozenset[UUID] = frozenset()
    tax_class: str = ""
    weight_g: int = 0
    commission_bps: int = 0


class Destination(Struct, frozen=True):
    """Where it goes: an ISO 3166-1 alpha-2 code, and the state or region as it is written there. Empty: not known yet."""

    country: str = ""
    region: str = ""


class Terms(Struct, frozen=True, kw_only=True):
    """A coupon, or without a code a promotion that applies by itself, as it stands for one customer.

    It is good for lines of `seller` (None: the house gives it, for every seller's), and of those for what is named, if anything
    is. `left` and `left_each`: how often it may still be used, by anybody and by this customer; None without a limit.
    """

    id: UUID
    version: datetime
    """When its terms were last changed."""
    code: str
    title: str
    kind: CouponKind
    percent_bps: int | None = None
    amount_minor: int | None = None
    currency: str = ""
    max_discount_minor: int | None = None
    min_spend_minor: int | None = None
    seller: UUID | None = None
    sellers: frozenset[UUID] = frozenset()
    categories: frozenset[UUID] = frozenset()
    products: frozenset[UUID] = frozenset()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True
    combines: bool = True
    left: int | None = None
    left_each: int | None = None

    def covers(self, item: Item) -> bool:
        return (
            self.seller in (None, item.seller)
            and (not self.sellers or item.seller in self.sellers)
            and (not self.categories or not self.categories.isdisjoint(item.above))
            and (not self.products or item.product in self.products)
        )


class CouponRefusal(StrEnum):
    """Why a code changes nothing. API."""

    UNKNOWN = "coupon_unknown"
    INACTIVE = "coupon_inactive"
    NOT_STARTED = "coupon_not_started"
    EXPIRED = "coupon_expired"
    USED_UP = "coupon_used_up"
    USED_BY_YOU = "coupon_used_by_you"
    OTHER_CURRENCY = "coupon_other_currency"
    NOTHING_COVERED = "coupon_covers_nothing"
    SPEND_MORE = "coupon_spend_more"
    DOES_NOT_COMBINE = "coupon_does_not_combine"


class RefusedCoupon(Struct, frozen=True, kw_only=True):
    """`details` says what would be right, where something would."""

    code: str
    reason: CouponRefusal
    message: str
    details: dict[str, Any] = {}


class AppliedCoupon(Struct, frozen=True, kw_only=True):
    """`sellers`: whose orders are cheaper for it, or sent for nothing."""

    terms: Terms
    minor: int
    sellers: Sequence[UUID]


class Discount(Struct, frozen=True):
    coupon: UUID
    minor: int


class QuotedLine(Struct, frozen=True, kw_only=True):
    """`gross_minor` is the price on the tag times the quantity; where tags include tax, so does it. `tax_minor` is added to it, or in it.

    `shipping_tax_minor` is this line's part of the tax on shipping, which an order keeps with its lines.
    """

    item: Item
    gross_minor: int
    discounts: Sequence[Discount]
    tax_bps: int
    tax_minor: int
    tax_included: bool
    shipping_tax_minor: int
    commission_minor: int

    @property
    def discount_minor(self) -> int:
        return sum(discount.minor for discount in self.discounts)

    @property
    def subtotal_minor(self) -> int:
        """Before discount and tax, as an order has it."""
        return self.gross_minor - (self.tax_minor if self.tax_included else 0)

    @property
    def net_minor(self) -> int:
        """The seller's price for it, without tax: what commission is taken of."""
        return self.subtotal_minor - self.discount_minor

    @property
    def total_minor(self) -> int:
        """What is paid for it, without shipping."""
        return self.net_minor + self.tax_minor


class SellerQuote(Struct, frozen=True, kw_only=True):
    """One seller's part: it becomes one order. `shipping_minor` is what is charged, `shipping_discount_minor` what is given off it."""

    seller: UUID
    lines: Sequence[QuotedLine]
    zone: str
    weight_g: int
    shipping_minor: int
    shipping_discount_minor: int
    shipping_tax_minor: int
    tax_included: bool

    def sum(self, part: str) -> int:
        return sum(getattr(line, part) for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return self.sum("tax_minor") + self.shipping_tax_minor

    @property
    def total_minor(self) -> int:
        tax = 0 if self.tax_included else self.shipping_tax_minor
        return self.sum("total_minor") + self.shipping_minor + tax

    @property
    def commission_minor(self) -> int:
        return self.sum("commission_minor")


class StepKind(StrEnum):
    GOODS = "goods"
    DISCOUNT = "discount"
    SHIPPING = "shipping"
    SHIPPING_DISCOUNT = "shipping_discount"
    TAX = "tax"
    TAX_INCLUDED = "tax_included"


class Step(Struct, frozen=True, kw_only=True):
    """One step on the way to the total. `minor` is below zero for what is taken off; tax that is in the prices adds nothing."""

    kind: StepKind
    seller: UUID
    label: str
    minor: int
    runs_to_minor: int


class Quote(Struct, frozen=True, kw_only=True):
    """What a purchase costs, with every step. The sellers' totals sum to the total, and the steps run to it."""

    currency: str
    tax_included: bool
    destination: Destination
    sellers: Sequence[SellerQuote]
    coupons: Sequence[AppliedCoupon]
    refused: Sequence[RefusedCoupon]
    steps: Sequence[Step]

    def sum(self, part: str) -> int:
        """Of all sellers."""
        return sum(getattr(one, part) for one in self.sellers)

    def lines_sum(self, part: str) -> int:
        return sum(one.sum(part) for one in self.sellers)

    @property
    def total_minor(self) -> int:
        return self.sum("total_minor")
