"""Products that go: deleted where nobody bought them, else archived for the orders that name them."""

from uuid import UUID

from marketplace.catalog.service.filing import take_out
from marketplace.catalog.states import ItemKind
from marketplace.core import audit, clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.shop.errors import OwnInterest
from marketplace.shop.freshness import products_changed
from marketplace.shop.policies import Actor, check_owns
from marketplace.shop.queries.locking import LockedProduct, lock_product, lock_variants_of
from marketplace.shop.service.images import forget_images_of
from marketplace.shop.service.listing import archive_all_of, move
from marketplace.shop.states import ProductStatus

ORDERED = """SELECT EXISTS (SELECT FROM product_variants v WHERE v.product = $1 AND (
  EXISTS (SELECT FROM order_lines l WHERE l.subject = v.id)
  OR EXISTS (SELECT FROM stock_movements m WHERE m.variant = v.id AND m."order" IS NOT NULL)))"""


async def remove(product_id: UUID, actor: Actor) -> None:
    """Take a product away for good: it is deleted, or archived where orders name it. Raises ProductNotFound, Forbidden."""
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        await lock_variants_of(product_id)  # an order that is being placed is there afterwards, or finds nothing to buy
        if await db.fetch_val(ORDERED, product_id):
            await _archive(product)
        else:
            await _delete(product)


async def _archive(product: LockedProduct) -> None:
    if product.status is not ProductStatus.ARCHIVED:
        await move(product, ProductStatus.ARCHIVED)


async def _delete(product: LockedProduct) -> None:
    if product.status is ProductStatus.ACTIVE:
        await move(product, ProductStatus.DRAFT)
    await take_out(ItemKind.PRODUCT, product.id)
    await forget_images_of(product.id)
    await db.execute("DELETE FROM product_wishes WHERE product = $1", product.id)
    await db.execute("UPDATE product_variants SET is_active = false WHERE product = $1", product.id)
    await db.execute("UPDATE products SET deleted_at = $2 WHERE id = $1", product.id, clock.now())
    products_changed()


async def archive_by_staff(actor_id: UUID | None, product_id: UUID, reason: str) -> None:
    """Staff take a product off the shelves; its seller sees it as archived. Raises ProductNotFound, ValidationFailed, OwnInterest, IllegalTransition."""
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        product = await lock_product(product_id)
        _check_disinterested(actor_id, product)
        await move(product, ProductStatus.ARCHIVED)
        await audit.record(
            actor=actor_id, action="product.archived", object_type="product", object_id=str(product_id), reason=reason,
            before={"status": product.status}, after={"status": ProductStatus.ARCHIVED},
        )  # fmt: skip


async def feature(actor_id: UUID | None, product_id: UUID, featured: bool) -> None:
    """Staff put a product forward, or no more. Raises ProductNotFound, OwnInterest."""
    async with db.transaction():
        _check_disinterested(actor_id, await lock_product(product_id))
        changed = await db.execute(
            "UPDATE products SET is_featured = $2 WHERE id = $1 AND is_featured <> $2", product_id, featured
        )
        if changed:
            await audit.record(
                actor=actor_id, action="product.featured" if featured else "product.unfeatured", object_type="product",
                object_id=str(product_id), before={"is_featured": not featured}, after={"is_featured": featured},
            )  # fmt: skip
            products_changed()


def _check_disinterested(actor_id: UUID | None, product: LockedProduct) -> None:
    """Staff are people who sell, too: what is theirs is for another of them to judge. Raises OwnInterest."""
    if actor_id == product.seller:
        raise OwnInterest


async def take_down_all_of(seller_id: UUID) -> int:
    """Nothing of this seller is for sale any more. Returns how many products were."""
    async with db.transaction():
        return await archive_all_of(seller_id)
