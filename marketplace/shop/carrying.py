"""A guest's cart goes with them when they sign in: the header that names it is read by every way of signing in."""

from typing import Final

from marketplace.accounts import carried
from marketplace.shop.service.merging import adopt_cart

HEADER: Final = "X-Cart-Token"

carried.carry(HEADER, adopt_cart)
