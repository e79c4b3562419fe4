"""What a purchase costs, with every step. Amounts are in the quote's one currency."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText, Currency
from marketplace.shop.pricing.parts import CouponRefusal, StepKind
from marketplace.shop.schemas.cart import CartSeller, Problem
from marketplace.shop.states import CouponKind

SignedAmount: TypeAlias = Annotated[
    str, Meta(pattern=r"^-?\d{1,16}(\.\d{1,4})?$", description="Decimal amount as text; below zero for what is taken off.")
]  # fmt: skip
Rate: TypeAlias = Annotated[str, Meta(description="Percent, as text.", examples=["10"])]


class AskQuote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it goes decides tax and shipping: one of your addresses, or a country (and region) for a first look."""

    coupon_codes: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=10)] = []
    shipping_address_id: UUID | None = None
    country: Annotated[str, Meta(max_length=80, description="ISO 3166 code, or the country's name.")] | None = None
    region: Annotated[str, Meta(max_length=120, description="State or region.")] | None = None


class LineDiscount(Struct, frozen=True):
    coupon: Annotated[str, Meta(description="Its code, or a promotion's title.")]
    amount: AmountText


class QuoteLine(Struct, frozen=True, kw_only=True):
    """`subtotal` is the price times the quantity. `total` = subtotal - discount + tax, or without the tax where prices include it."""

    item_id: UUID
    product_id: UUID
    product_name: str
    product_sku: str
    variant_id: UUID
    variant_name: str | None
    quantity: int
    price: AmountText
    subtotal: AmountText
    discounts: list[LineDiscount]
    discount: AmountText
    tax_rate: Rate
    tax: AmountText
    total: AmountText


class QuotePart(Struct, frozen=True, kw_only=True):
    """One seller's part: it becomes one order. `commission` is what the platform takes of it, `seller_receives` what is left, without tax."""

    seller: CartSeller
    lines: list[QuoteLine]
    subtotal: AmountText
    discount: AmountText
    tax: AmountText
    shipping_zone: str
    weight: Annotated[str, Meta(description="Kilograms, as text.")]
    shipping_discount: AmountText
    shipping_cost: Annotated[AmountText, Meta(description="What is charged, the discount already taken off.")]
    total_amount: AmountText
    commission: AmountText
    seller_receives: AmountText


class QuoteCoupon(Struct, frozen=True, kw_only=True):
    """A coupon that applies; without a code, a promotion."""

    code: str | None
    title: str
    kind: CouponKind
    amount: AmountText


class QuoteRefusal(Struct, frozen=True, kw_only=True):
    """A code that changes nothing, and why. Nothing can be ordered with it."""

    code: str
    reason: CouponRefusal
    message: str
    details: dict[str, Any]


class QuoteStep(Struct, frozen=True, kw_only=True):
    """`runs_to` is where the steps have come to: after the last, the total. Tax that prices include adds nothing."""

    kind: StepKind
    seller_id: UUID
    label: str
    amount: SignedAmount
    runs_to: AmountText


class QuoteOut(Struct, frozen=True, kw_only=True):
    """`total_amount` is the sum of the sellers' totals: subtotal - discount + shipping_cost + tax (unless `tax_included`).

    `problems` are the cart's; an order is refused while something is short or unavailable.
    """

    currency: Currency
    tax_included: bool
    country: str | None
    sellers: list[QuotePart]
    coupons: list[QuoteCoupon]
    refused_coupons: list[QuoteRefusal]
    subtotal: AmountText
    discount: AmountText
    tax: AmountText
    shipping_cost: AmountText
    total_amount: AmountText
    steps: list[QuoteStep]
    problems: list[Problem]
