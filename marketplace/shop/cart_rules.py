"""What staff may tune of carts."""

from typing import Annotated, Final

from msgspec import Meta

from marketplace.core import platform

MOST: Final = 9_999
"""Of one thing in a cart: the database holds this much, whatever the setting says."""

ITEMS = platform.define(
    "shop.cart_items", Annotated[int, Meta(ge=1, le=500)], 100,
    "How many different things a cart holds, those saved for later included.",
)  # fmt: skip
QUANTITY = platform.define(
    "shop.cart_quantity", Annotated[int, Meta(ge=1, le=MOST)], 999, "How many of one thing a cart holds."
)
GUEST_DAYS = platform.define(
    "shop.guest_cart_days", Annotated[int, Meta(ge=1, le=365)], 30,
    "A cart of somebody who is not signed in is forgotten when nothing has changed in it for so long.",
)  # fmt: skip
