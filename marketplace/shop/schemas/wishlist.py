from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.shop.schemas.products import ProductCard


class WishState(Struct, frozen=True, kw_only=True):
    product_id: UUID
    in_wishlist: bool


class WishOut(Struct, frozen=True, kw_only=True):
    product: ProductCard
    added_at: datetime
