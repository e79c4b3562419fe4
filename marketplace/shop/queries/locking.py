"""The rows of the shop, locked. A product's row comes before those of its variants, and variants in the order of their ids."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.shop.errors import ProductNotFound
from marketplace.shop.states import ProductStatus


class LockedProduct(Struct, frozen=True, kw_only=True):
    id: UUID
    seller: UUID
    name: str
    status: ProductStatus
    currency: str
    category: UUID | None
    price_minor: int
    compare_minor: int | None
    tracks_stock: bool


class LockedVariant(Struct, frozen=True, kw_only=True):
    """A variant with its stock. `name` is empty where the product has no choices; at `mark` its seller wants to hear of it.

    `is_active`: its seller still has it; `on_sale`: and the product is offered, so that it can be bought.
    """

    id: UUID
    product: UUID
    name: str
    is_active: bool
    on_sale: bool
    tracks_stock: bool
    on_hand: int
    allocated: int
    mark: int

    @property
    def available(self) -> int:
        return max(self.on_hand - self.allocated, 0)


async def lock_product(product_id: UUID) -> LockedProduct:
    """Raises ProductNotFound, also for a deleted one."""
    row = await db.fetch_row(
        "SELECT id, seller, name, status, currency, category, price_minor, compare_minor, tracks_stock FROM products "
        "WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
        product_id,
    )
    if row is None:
        raise ProductNotFound
    return LockedProduct(**{**dict(row), "status": ProductStatus(row["status"])})


VARIANTS = (
    "SELECT v.id, v.product, v.name, v.is_active, "
    "v.is_active AND p.status = 'active' AND p.deleted_at IS NULL AS on_sale, v.tracks_stock, v.on_hand, v.allocated, "
    "p.low_stock_at AS mark "
    "FROM product_variants v JOIN products p ON p.id = v.product WHERE {which} ORDER BY v.id FOR NO KEY UPDATE OF v"
)


async def lock_variants(variant_ids: Iterable[UUID]) -> dict[UUID, LockedVariant]:
    """Those there are, by id. Locked in the order of their ids, so that two carts with the same things never wait in a circle."""
    rows = await db.fetch(VARIANTS.format(which="v.id = ANY($1::uuid[])"), sorted(set(variant_ids)))
    return {row["id"]: LockedVariant(**dict(row)) for row in rows}


async def lock_variants_of(product_id: UUID) -> dict[UUID, LockedVariant]:
    """All of a product, also those that are not sold any more. The product is locked before."""
    rows = await db.fetch(VARIANTS.format(which="v.product = $1"), product_id)
    return {row["id"]: LockedVariant(**dict(row)) for row in rows}
