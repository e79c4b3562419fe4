"""A cart as its owner sees it. Pure."""

from marketplace.core import storage
from marketplace.core.money import to_text
from marketplace.shop.queries.cart import Cart, CartLine
from marketplace.shop.schemas.cart import (
    CartItemOut,
    CartOut,
    CartProduct,
    CartSeller,
    CartVariant,
    CurrencyDiffers,
    NotForSale,
    PriceChanged,
    Problem,
    StockShort,
)

NO_CURRENCY = "USD"
"""How nothing is written."""


def shown_cart(cart: Cart | None) -> CartOut:
    if cart is None:
        return CartOut(
            id=None, items=[], saved_for_later=[], total_items=0, currency=None, subtotal=to_text(0, NO_CURRENCY),
            problems=[], created_at=None, updated_at=None,
        )  # fmt: skip
    counted = cart.sellable
    return CartOut(
        id=cart.id,
        items=[shown_line(line) for line in cart.wanted],
        saved_for_later=[shown_line(line) for line in cart.lines if line.saved_for_later],
        total_items=sum(line.quantity for line in counted),
        currency=cart.currency,
        subtotal=to_text(sum(line.price_minor * line.quantity for line in counted), cart.currency or NO_CURRENCY),
        problems=problems_of(cart),
        created_at=cart.created_at,
        updated_at=cart.updated_at,
    )


def shown_line(line: CartLine) -> CartItemOut:
    return CartItemOut(
        id=line.id,
        product=CartProduct(
            id=line.product, name=line.name, slug=line.slug, image=storage.url(line.picture) if line.picture else None,
            seller=CartSeller(line.seller, line.seller_name),
        ),
        variant=CartVariant(id=line.variant, name=line.variant_name, sku=line.sku) if line.variant_name else None,
        quantity=line.quantity,
        currency=line.currency,
        price=to_text(line.price_minor, line.currency),
        total_price=to_text(line.price_minor * line.quantity, line.currency),
        created_at=line.created_at,
    )  # fmt: skip


def problems_of(cart: Cart) -> list[Problem]:
    """What has changed about the things to be bought since they were put in, in their order."""
    return [problem for line in cart.wanted for problem in _problems(line, cart.currency)]


def _problems(line: CartLine, currency: str | None) -> list[Problem]:
    if not line.on_sale:
        return [NotForSale(item_id=line.id, message=f"{line.name} is not for sale any more.")]
    if line.currency != currency:
        message = f"{line.name} is sold in {line.currency} now."
        return [CurrencyDiffers(item_id=line.id, message=message, currency=line.currency)]
    found: list[Problem] = []
    if line.price_minor != line.seen_minor:
        was, now = to_text(line.seen_minor, line.currency), to_text(line.price_minor, line.currency)
        message = f"{line.name} costs {now} {line.currency} now; it was {was}."
        found.append(PriceChanged(item_id=line.id, message=message, was=was, now=now))
    if line.available is not None and line.is_short(line.quantity):
        message = f"Of {line.name} there are {line.available} left; {line.quantity} are in your cart."
        found.append(StockShort(item_id=line.id, message=message, requested=line.quantity, available=line.available))
    return found
