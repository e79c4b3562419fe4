"""The cart: what is sent and what is answered. Prices are what things cost now."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText, Currency
from marketplace.shop.cart_rules import MOST

Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=MOST)]
CartToken: TypeAlias = Annotated[
    str, Meta(max_length=100, description="Names the cart of somebody who is not signed in; it is answered when the cart is made.")
]  # fmt: skip


class AddItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many more of a product. `variant_id` is needed where it has several variants."""

    product_id: UUID
    variant_id: UUID | None = None
    quantity: Quantity = 1


class ChangeItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many there shall be. Sending what is there already accepts the present price."""

    quantity: Quantity


class MergeCart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of the guest's cart, here or in the header `X-Cart-Token`."""

    token: CartToken | None = None


class CartSeller(Struct, frozen=True):
    id: UUID
    username: str


class CartProduct(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    image: Annotated[str, Meta(description="Address of its first picture, small.")] | None
    seller: CartSeller


class CartVariant(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    sku: str


class CartItemOut(Struct, frozen=True, kw_only=True):
    """`price` is one's, now; `variant` is null where the product has no choices."""

    id: UUID
    product: CartProduct
    variant: CartVariant | None
    quantity: int
    currency: Currency
    price: AmountText
    total_price: AmountText
    created_at: datetime


class PriceChanged(Struct, frozen=True, kw_only=True, tag_field="code", tag="price_changed"):
    """It costs another price than when it was put in. Sending its quantity again accepts that."""

    item_id: UUID
    message: str
    was: AmountText
    now: AmountText


class StockShort(Struct, frozen=True, kw_only=True, tag_field="code", tag="stock_short"):
    item_id: UUID
    message: str
    requested: int
    available: int


class NotForSale(Struct, frozen=True, kw_only=True, tag_field="code", tag="unavailable"):
    """It is not sold any more. It is not part of the totals, and no order is placed with it."""

    item_id: UUID
    message: str


class CurrencyDiffers(Struct, frozen=True, kw_only=True, tag_field="code", tag="currency_differs"):
    """Its seller asks for another currency now. It is not part of the totals, and no order is placed with it."""

    item_id: UUID
    message: str
    currency: Currency


Problem: TypeAlias = PriceChanged | StockShort | NotForSale | CurrencyDiffers


class CartOut(Struct, frozen=True, kw_only=True):
    """`id`, `created_at` and `updated_at` are null for a guest who has put nothing in yet: there is no cart then.

    The totals are those of `items`; `saved_for_later` counts for nothing. `currency` is null while nothing is in it.
    """

    id: UUID | None
    items: list[CartItemOut]
    saved_for_later: list[CartItemOut]
    total_items: int
    currency: Currency | None
    subtotal: AmountText
    problems: list[Problem]
    created_at: datetime | None
    updated_at: datetime | None
