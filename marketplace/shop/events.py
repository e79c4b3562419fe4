from uuid import UUID

from msgspec import Struct


class ProductPublished(Struct, tag="product_published", frozen=True, kw_only=True):
    """A product is for sale from now on."""

    product_id: UUID
    seller_id: UUID


class ProductChanged(Struct, tag="product_changed", frozen=True, kw_only=True):
    """What a product says of itself is another: texts, prices, variants, pictures. Not its stock."""

    product_id: UUID


class ProductWithdrawn(Struct, tag="product_withdrawn", frozen=True, kw_only=True):
    """A product is not for sale any more: a draft again, archived or deleted."""

    product_id: UUID
    seller_id: UUID


class StockLow(Struct, tag="stock_low", frozen=True, kw_only=True):
    """What can be sold of a variant has just fallen to the mark its seller set, or below. `variant` is empty where there is only one."""

    product_id: UUID
    variant_id: UUID
    seller_id: UUID
    name: str
    variant: str
    available: int
