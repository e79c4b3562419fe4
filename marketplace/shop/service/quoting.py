"""What a cart costs now: the same for looking and for ordering."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from marketplace.accounts.countries import country_code
from marketplace.core import clock
from marketplace.core.money import MAX_MINOR
from marketplace.orders import commission
from marketplace.orders.errors import TotalTooLarge
from marketplace.shop.cart_errors import CartEmpty
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.pricing.parts import Destination, Item, Quote
from marketplace.shop.pricing.policies import SHIPPING, TAX
from marketplace.shop.pricing.quoting import quote
from marketplace.shop.queries.cart import Cart, CartLine
from marketplace.shop.queries.coupons import get_terms
from marketplace.shop.service.coupons import code_of

MOST_CODES: Final = 10


async def quote_cart(
    cart: Cart | None, customer: UUID | None, codes: Sequence[str] = (), to: Destination | None = None
) -> Quote:
    """What of the cart can be bought, at today's prices, with every step.

    What is not for sale any more is left out, and what there is too little of is priced all the same: `problems_of` names both,
    and an order is refused for either. To order: `redeeming.check_codes`, `redeeming.redeem`, then `pricing.drafts`. Raises
    CartEmpty, TotalTooLarge.
    """
    if cart is None or cart.currency is None or not cart.sellable:
        raise CartEmpty
    items = await _items(cart.sellable)
    wanted = [code_of(code) for code in codes]
    quoted = quote(
        items, cart.currency, tax=await TAX.value(), shipping=await SHIPPING.value(), now=clock.now(), to=to, codes=wanted,
        coupons=await get_terms(wanted, list({item.seller for item in items}), customer),
    )  # fmt: skip
    if max(quoted.total_minor, quoted.lines_sum("gross_minor")) > MAX_MINOR:
        raise TotalTooLarge
    return quoted


def destination(country: str, region: str) -> Destination:
    """Of an address as it was written. Raises ValidationFailed naming `country`."""
    return Destination(country_code(country) if country else "", region.strip())


async def _items(lines: Sequence[CartLine]) -> list[Item]:
    above = await commission.lineages(list({line.category for line in lines if line.category}))
    rules = await commission.RULES.value()
    tiers = await commission.tiers(rules, {line.seller for line in lines})

    def item(line: CartLine) -> Item:
        categories = above.get(line.category, frozenset()) if line.category else frozenset()
        return Item(
            id=line.id, variant=line.variant, product=line.product, seller=line.seller, title=line.name, slug=line.slug,
            quantity=line.quantity, unit_minor=line.price_minor, variant_name=line.variant_name, sku=line.sku,
            category=line.category, above=categories, tax_class=line.tax_class, weight_g=line.weight_g,
            commission_bps=commission.rate(rules, KIND, categories, tiers[line.seller]),
        )  # fmt: skip

    return [item(line) for line in lines]
