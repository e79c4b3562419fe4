"""A quote as the API shows it. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeAlias
from uuid import UUID

from marketplace.core.money import to_text
from marketplace.shop.pricing.parts import Quote, QuotedLine, SellerQuote
from marketplace.shop.queries.cart import Cart
from marketplace.shop.schemas.cart import CartSeller
from marketplace.shop.schemas.quotes import (
    LineDiscount,
    QuoteCoupon,
    QuoteLine,
    QuoteOut,
    QuotePart,
    QuoteRefusal,
    QuoteStep,
)
from marketplace.shop.service.showing import problems_of

Text: TypeAlias = Callable[[int], str]


def shown_quote(quoted: Quote, cart: Cart) -> QuoteOut:
    text: Text = partial(to_text, currency=quoted.currency)
    named = {one.terms.id: one.terms.code or one.terms.title for one in quoted.coupons}
    sellers = {line.seller: CartSeller(line.seller, line.seller_name) for line in cart.lines}
    return QuoteOut(
        currency=quoted.currency,
        tax_included=quoted.tax_included,
        country=quoted.destination.country or None,
        sellers=[_part(one, sellers[one.seller], named, text) for one in quoted.sellers],
        coupons=[
            QuoteCoupon(
                code=one.terms.code or None, title=one.terms.title, kind=one.terms.kind, amount=text(one.minor)
            )
            for one in quoted.coupons
        ],
        refused_coupons=[
            QuoteRefusal(code=one.code, reason=one.reason, message=one.message, details=one.details)
            for one in quoted.refused
        ],
        subtotal=text(quoted.lines_sum("gross_minor")),
        discount=text(quoted.lines_sum("discount_minor")),
        tax=text(quoted.sum("tax_minor")),
        shipping_cost=text(quoted.sum("shipping_minor")),
        total_amount=text(quoted.total_minor),
        steps=[
            QuoteStep(
                kind=one.kind, seller_id=one.seller, label=one.label, amount=text(one.minor), runs_to=text(one.runs_to_minor)
            )
            for one in quoted.steps
        ],
        problems=problems_of(cart),
    )  # fmt: skip


def _part(part: SellerQuote, seller: CartSeller, named: Mapping[UUID, str], text: Text) -> QuotePart:
    return QuotePart(
        seller=seller,
        lines=[_line(line, named, text) for line in part.lines],
        subtotal=text(part.sum("gross_minor")),
        discount=text(part.sum("discount_minor")),
        tax=text(part.tax_minor),
        shipping_zone=part.zone,
        weight=f"{Decimal(part.weight_g).scaleb(-3):f}",
        shipping_discount=text(part.shipping_discount_minor),
        shipping_cost=text(part.shipping_minor),
        total_amount=text(part.total_minor),
        commission=text(part.commission_minor),
        seller_receives=text(part.total_minor - part.tax_minor - part.commission_minor),
    )


def _line(line: QuotedLine, named: Mapping[UUID, str], text: Text) -> QuoteLine:
    item = line.item
    return QuoteLine(
        item_id=item.id,
        product_id=item.product,
        product_name=item.title,
        product_sku=item.sku,
        variant_id=item.variant,
        variant_name=item.variant_name or None,
        quantity=item.quantity,
        price=text(item.unit_minor),
        subtotal=text(line.gross_minor),
        discounts=[LineDiscount(named[one.coupon], text(one.minor)) for one in line.discounts],
        discount=text(line.discount_minor),
        tax_rate=f"{Decimal(line.tax_bps).scaleb(-2).normalize():f}",
        tax=text(line.tax_minor),
        total=text(line.total_minor),
    )
