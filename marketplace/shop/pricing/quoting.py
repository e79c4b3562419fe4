"""The one function that says what a purchase costs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.core.money import split
from marketplace.orders.commission import commission
from marketplace.shop.pricing import discounts
from marketplace.shop.pricing.parts import (
    AppliedCoupon,
    Destination,
    Discount,
    Item,
    Quote,
    QuotedLine,
    SellerQuote,
    Step,
    StepKind,
    Terms,
)
from marketplace.shop.pricing.policies import ShippingPolicy, TaxPolicy


class Discounted(Struct, frozen=True):
    """An item with what is taken off it."""

    item: Item
    discounts: Sequence[Discount]

    @property
    def gross(self) -> int:
        return self.item.unit_minor * self.item.quantity

    @property
    def paid(self) -> int:
        return self.gross - sum(one.minor for one in self.discounts)


def quote(
    items: Sequence[Item],
    currency: str,
    *,
    tax: TaxPolicy,
    shipping: ShippingPolicy,
    now: datetime,
    to: Destination | None = None,
    codes: Sequence[str] = (),
    coupons: Sequence[Terms] = (),
) -> Quote:
    """Goods, less discounts, plus shipping, plus tax: by seller, in the order of the items. All items are in `currency`.

    `coupons` are those the codes may mean, and the promotions; a code that does not apply is among the `refused`, with why.
    """
    to = to or Destination()
    terms, refused = discounts.chosen(codes, coupons, items, currency, now)
    by_seller: dict[UUID, list[Discounted]] = defaultdict(list)
    for item, off in zip(items, discounts.off_goods(terms, items), strict=True):
        by_seller[item.seller].append(Discounted(item, off))
    zone = shipping.zone(to, currency)
    to_send = {
        seller: zone.price(_weight(goods), sum(one.paid for one in goods), currency)
        for seller, goods in by_seller.items()
    }
    given = discounts.off_shipping(terms, items, to_send)
    sellers = [
        _seller_quote(seller, goods, zone.name, to_send[seller], sum(one.get(seller, 0) for one in given.values()), tax, to)
        for seller, goods in by_seller.items()
    ]  # fmt: skip
    return Quote(
        currency=currency, tax_included=tax.included, destination=to, sellers=sellers, refused=refused,
        coupons=[_applied(one, sellers, given.get(one.id, {})) for one in terms], steps=_steps(sellers, terms),
    )  # fmt: skip


def _weight(goods: Sequence[Discounted]) -> int:
    return sum(one.item.weight_g * one.item.quantity for one in goods)


def _seller_quote(
    seller: UUID, goods: Sequence[Discounted], zone: str, to_send: int, given: int, tax: TaxPolicy, to: Destination
) -> SellerQuote:
    rates = [tax.rate(to, one.item) for one in goods]
    taxes = _taxes(goods, rates, tax)
    on_shipping = tax.tax(to_send - given, tax.shipping_rate(to))
    weights = [one.paid for one in goods]
    shares = split(on_shipping, weights if any(weights) else [1] * len(goods))
    return SellerQuote(
        seller=seller, zone=zone, weight_g=_weight(goods), shipping_minor=to_send - given, shipping_discount_minor=given,
        shipping_tax_minor=on_shipping, tax_included=tax.included,
        lines=[
            _line(one, rate, minor, share, tax.included)
            for one, rate, minor, share in zip(goods, rates, taxes, shares, strict=True)
        ],
    )  # fmt: skip


def _taxes(goods: Sequence[Discounted], rates: Sequence[int], tax: TaxPolicy) -> list[int]:
    """Worked out once for all lines of a rate, then split over them."""
    taxes = [0] * len(goods)
    for rate in set(rates):
        mine = [i for i, one in enumerate(goods) if rates[i] == rate and one.paid]
        paid = [goods[i].paid for i in mine]
        for i, minor in zip(mine, split(tax.tax(sum(paid), rate), paid) if mine else [], strict=True):
            taxes[i] = minor
    return taxes


def _line(one: Discounted, rate: int, minor: int, on_shipping: int, included: bool) -> QuotedLine:
    return QuotedLine(
        item=one.item, gross_minor=one.gross, discounts=one.discounts, tax_bps=rate, tax_minor=minor, tax_included=included,
        shipping_tax_minor=on_shipping,
        commission_minor=commission(one.paid - (minor if included else 0), one.item.commission_bps),
    )  # fmt: skip


def _applied(terms: Terms, sellers: Sequence[SellerQuote], off_shipping: dict[UUID, int]) -> AppliedCoupon:
    off = {
        one.seller: sum(off.minor for line in one.lines for off in line.discounts if off.coupon == terms.id)
        for one in sellers
    }
    covered = [one.seller for one in sellers if off[one.seller] or one.seller in off_shipping]
    return AppliedCoupon(terms=terms, minor=sum(off.values()) + sum(off_shipping.values()), sellers=covered)


def _steps(sellers: Sequence[SellerQuote], terms: Sequence[Terms]) -> list[Step]:
    """From the price tags to the total, seller after seller; steps of nothing are left out, but for shipping."""
    steps: list[Step] = []
    runs_to = 0

    def step(kind: StepKind, seller: UUID, label: str, minor: int, *, always: bool = False) -> None:
        nonlocal runs_to
        if minor or always:
            runs_to += 0 if kind is StepKind.TAX_INCLUDED else minor
            steps.append(Step(kind=kind, seller=seller, label=label, minor=minor, runs_to_minor=runs_to))

    for one in sellers:
        for line in one.lines:
            step(StepKind.GOODS, one.seller, f"{line.item.quantity} x {line.item.title}", line.gross_minor, always=True)
        for coupon in terms:
            off = sum(off.minor for line in one.lines for off in line.discounts if off.coupon == coupon.id)
            step(StepKind.DISCOUNT, one.seller, coupon.code or coupon.title, -off)
        step(StepKind.SHIPPING, one.seller, one.zone, one.shipping_minor + one.shipping_discount_minor, always=True)
        step(StepKind.SHIPPING_DISCOUNT, one.seller, "Shipping discount", -one.shipping_discount_minor)
        tax = StepKind.TAX_INCLUDED if one.tax_included else StepKind.TAX
        for rate in sorted({line.tax_bps for line in one.lines}):
            minor = sum(line.tax_minor for line in one.lines if line.tax_bps == rate)
            step(tax, one.seller, f"Tax {rate / 100:g} %", minor)
        step(tax, one.seller, "Tax on shipping", one.shipping_tax_minor)
    return steps
