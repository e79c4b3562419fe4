"""A quote as orders to be placed: one a seller."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from marketplace.core.money import Money
from marketplace.orders.fulfilment import Draft, Line
from marketplace.shop.pricing.parts import Quote, QuotedLine, SellerQuote

KIND: Final = "shop"


def drafts(
    quoted: Quote,
    *,
    shipping_address: Mapping[str, Any] | None,
    billing_address: Mapping[str, Any] | None,
    note: str = "",
) -> list[Draft]:
    """What `orders.service.placing.place` takes; the orders' totals are the quote's. A line's subject is its variant.

    An order adds tax: where prices include it, its lines and shipping are stated without.
    """
    return [
        Draft(
            kind=KIND, seller=part.seller, lines=[_line(quoted, line) for line in part.lines],
            shipping=Money(_net_shipping(part), quoted.currency), shipping_address=shipping_address,
            billing_address=billing_address, note=note,
        )
        for part in quoted.sellers
    ]  # fmt: skip


def _net_shipping(part: SellerQuote) -> int:
    return part.shipping_minor - (part.shipping_tax_minor if part.tax_included else 0)


def _line(quoted: Quote, line: QuotedLine) -> Line:
    def money(minor: int) -> Money:
        return Money(minor, quoted.currency)

    codes = {one.terms.id: one.terms.code or one.terms.title for one in quoted.coupons}
    item = line.item
    snapshot: Sequence[tuple[str, Any]] = (
        ("product_id", str(item.product)), ("slug", item.slug), ("unit_price", money(item.unit_minor).text),
        ("tax_bps", line.tax_bps), ("tax_included", line.tax_included), ("weight_g", item.weight_g),
        ("discounts", [{"coupon": codes[one.coupon], "amount": money(one.minor).text} for one in line.discounts]),
    )  # fmt: skip
    return Line(
        subject=item.variant, title=item.title, total=money(line.subtotal_minor), quantity=item.quantity, sku=item.sku,
        variant=item.variant_name, discount=money(line.discount_minor),
        tax=money(line.tax_minor + line.shipping_tax_minor), category=item.category, snapshot=dict(snapshot),
    )  # fmt: skip
