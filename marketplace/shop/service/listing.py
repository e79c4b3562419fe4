"""Products are listed, changed, published and taken away."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from marketplace.accounts.states import AccountStatus
from marketplace.catalog.service.filing import file_under, set_tags, take_out_many
from marketplace.catalog.states import ItemKind
from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.shop.errors import EmailNotVerified, MayNotSell, ProductArchived, SkuTaken
from marketplace.shop.events import ProductChanged, ProductPublished, ProductWithdrawn
from marketplace.shop.freshness import products_changed
from marketplace.shop.policies import Actor, check_owns
from marketplace.shop.queries.locking import LockedProduct, lock_product
from marketplace.shop.rules import VERIFIED_ONLY
from marketplace.shop.service import stock, variants
from marketplace.shop.service.variants import VariantDraft, VariantPatch
from marketplace.shop.states import PRODUCT, ProductStatus
from marketplace.shop.wording import another, slug_of

TRIES: Final = 5


class ProductDraft(Struct, frozen=True, kw_only=True):
    """What to list. Amounts in minor units; `quantity` counts where there are no variants."""

    name: str
    price_minor: int
    currency: str
    description: str = ""
    category: UUID | None = None
    compare_minor: int | None = None
    cost_minor: int | None = None
    sku: str = ""
    quantity: int = 0
    weight_g: int | None = None
    dimensions: str = ""
    tax_class: str = ""
    attributes: str = "{}"
    variants: list[VariantDraft] = []
    tags: list[str] = []
    status: ProductStatus = ProductStatus.ACTIVE
    tracks_stock: bool = True
    low_stock_at: int = 5


async def create_product(seller_id: UUID, draft: ProductDraft) -> UUID:
    """List a product with its variants and what lies on the shelf of each. Returns its id.

    Raises ValidationFailed naming the field, SkuTaken, MayNotSell, EmailNotVerified.
    """
    check_prices(draft.price_minor, draft.compare_minor)
    if draft.status is ProductStatus.ARCHIVED:
        raise ValidationFailed.of("status", "A new product is a draft, or active.")
    async with db.transaction():
        await check_seller(seller_id)
        product_id = await _insert(seller_id, draft)
        await set_tags(ItemKind.PRODUCT, product_id, draft.tags)
        await variants.create(
            product_id,
            draft.variants or [VariantDraft(name="", quantity=draft.quantity)],
            draft.tracks_stock,
            seller_id,
        )
        if draft.status is ProductStatus.ACTIVE:
            await _offered(product_id, seller_id, draft.category)
        products_changed()
        return product_id


async def _insert(seller_id: UUID, draft: ProductDraft) -> UUID:
    product_id, slug = uuid7(), slug_of(draft.name)
    for _ in range(TRIES):
        made = await db.execute(
            "INSERT INTO products (id, seller, slug, name, description, category, sku, currency, price_minor, compare_minor, "
            "cost_minor, status, is_featured, tracks_stock, weight_g, dimensions, attributes, low_stock_at, rating_sum, "
            "rating_count, sold_count, created_at, updated_at, tax_class) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
            "false, $13, $14, $15, $16, $17, 0, 0, 0, $18, $18, $19) ON CONFLICT DO NOTHING",
            product_id, seller_id, slug, draft.name, draft.description, draft.category, draft.sku, draft.currency,
            draft.price_minor, draft.compare_minor, draft.cost_minor, draft.status, draft.tracks_stock, draft.weight_g,
            draft.dimensions, draft.attributes, draft.low_stock_at, clock.now(), draft.tax_class,
        )  # fmt: skip
        if made:
            return product_id
        await check_sku(seller_id, draft.sku)
        slug = another(slug_of(draft.name))
    raise RuntimeError(f"no slug is free for {draft.name!r}")


async def check_sku(seller_id: UUID, sku: str, product_id: UUID | None = None) -> None:
    """Raises SkuTaken where another product of the seller has it."""
    if sku and await db.fetch_val(
        "SELECT EXISTS (SELECT FROM products WHERE seller = $1 AND sku = $2 AND deleted_at IS NULL AND id IS DISTINCT FROM $3)",
        seller_id, sku, product_id,
    ):  # fmt: skip
        raise SkuTaken(fields={"sku": [SkuTaken.default_message]})


async def check_seller(seller_id: UUID) -> None:
    """Raises MayNotSell or EmailNotVerified."""
    row = await db.fetch_row(
        "SELECT status, email_verified_at IS NOT NULL AS verified FROM users WHERE id = $1", seller_id
    )
    if row is None or row["status"] != AccountStatus.ACTIVE:
        raise MayNotSell
    if not row["verified"] and await VERIFIED_ONLY.value():
        raise EmailNotVerified


def check_prices(price_minor: int, compare_minor: int | None) -> None:
    """Raises ValidationFailed naming the amounts that make no sense."""
    wrong: dict[str, list[str]] = {}
    if price_minor <= 0:
        wrong["price"] = ["Must be more than zero."]
    if compare_minor is not None and compare_minor <= price_minor:
        wrong["compare_price"] = ["Must be above the price: it is what the product cost before."]
    if wrong:
        raise ValidationFailed(fields=wrong)


class ProductPatch(Struct, frozen=True, kw_only=True):
    """What to change of a product; what is UNSET stays. `variants` are all there shall be."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    category: UUID | UnsetType | None = UNSET
    price_minor: int | UnsetType = UNSET
    compare_minor: int | UnsetType | None = UNSET
    cost_minor: int | UnsetType | None = UNSET
    sku: str | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    weight_g: int | UnsetType | None = UNSET
    dimensions: str | UnsetType = UNSET
    tax_class: str | UnsetType = UNSET
    attributes: str | UnsetType = UNSET
    variants: list[VariantPatch] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    status: ProductStatus | UnsetType = UNSET
    tracks_stock: bool | UnsetType = UNSET
    low_stock_at: int | UnsetType = UNSET


COLUMNS: Final = (
    "name", "description", "category", "price_minor", "compare_minor", "cost_minor", "sku", "weight_g", "dimensions",
    "attributes", "tracks_stock", "low_stock_at", "tax_class",
)  # fmt: skip


async def update_product(product_id: UUID, actor: Actor, patch: ProductPatch, reason: str = "") -> None:
    """Change a product. Its slug stays: addresses last.

    Raises ProductNotFound, Forbidden, ProductArchived, ValidationFailed naming the field, SkuTaken, VariantNotFound,
    StockUnavailable (a quantity below what is promised), IllegalTransition.
    """
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        if product.status is ProductStatus.ARCHIVED and patch.status is UNSET:
            raise ProductArchived
        check_prices(
            product.price_minor if patch.price_minor is UNSET else patch.price_minor,
            product.compare_minor if patch.compare_minor is UNSET else patch.compare_minor,
        )
        if patch.sku is not UNSET:
            await check_sku(product.seller, patch.sku, product_id)
        await _write(product_id, patch)
        if patch.tags is not UNSET:
            await set_tags(ItemKind.PRODUCT, product_id, patch.tags)
        await _change_variants(product, actor, patch, reason)
        if patch.status is not UNSET and patch.status is not product.status:
            category = product.category if patch.category is UNSET else patch.category
            await move(msgspec.structs.replace(product, category=category), patch.status)
        elif patch.category is not UNSET and product.status is ProductStatus.ACTIVE:
            await file_under(ItemKind.PRODUCT, product_id, patch.category)
        products_changed()
        await outbox.emit(ProductChanged(product_id=product_id))


async def _write(product_id: UUID, patch: ProductPatch) -> None:
    changes: dict[str, Any] = {name: value for name in COLUMNS if (value := getattr(patch, name)) is not UNSET}
    changes["updated_at"] = clock.now()
    said = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=2))
    await db.execute(f"UPDATE products SET {said} WHERE id = $1", product_id, *changes.values())


async def _change_variants(product: LockedProduct, actor: Actor, patch: ProductPatch, reason: str) -> None:
    tracks = product.tracks_stock if patch.tracks_stock is UNSET else patch.tracks_stock
    if tracks != product.tracks_stock:
        await variants.track(product.id, tracks, actor.id)
    if patch.variants is not UNSET:
        await variants.replace(product.id, patch.variants, tracks, actor.id, reason)
    if patch.quantity is not UNSET:
        only = await variants.the_only_one(product.id, "quantity")
        await stock.correct(only.id, available=patch.quantity, actor=actor.id, reason=reason)


async def move(product: LockedProduct, target: ProductStatus) -> None:
    """The one place where a product's status changes. The product is locked. Raises IllegalTransition."""
    PRODUCT.check(product.status, target)
    await db.execute("UPDATE products SET status = $2, updated_at = $3 WHERE id = $1", product.id, target, clock.now())
    if target is ProductStatus.ACTIVE:
        await _offered(product.id, product.seller, product.category)
    elif product.status is ProductStatus.ACTIVE:
        await _withdrawn(product.id, product.seller)
    products_changed()


async def archive_all_of(seller_id: UUID) -> int:
    """`move` for everything a seller has for sale, however much that is, in a few statements."""
    PRODUCT.check(ProductStatus.ACTIVE, ProductStatus.ARCHIVED)
    rows = await db.fetch(
        "UPDATE products SET status = $2, updated_at = $3 WHERE id IN (SELECT id FROM products WHERE seller = $1 "
        "AND status = 'active' AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE) RETURNING id",
        seller_id, ProductStatus.ARCHIVED, clock.now(),
    )  # fmt: skip
    ids = [row["id"] for row in rows]
    await take_out_many(ItemKind.PRODUCT, ids)
    await outbox.emit(*(ProductWithdrawn(product_id=product_id, seller_id=seller_id) for product_id in ids))
    products_changed()
    return len(ids)


async def publish(product_id: UUID, actor: Actor) -> None:
    """Offer it for sale. Doing it twice changes nothing. Raises Forbidden, ProductNotFound, IllegalTransition, as for a new one."""
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        await check_seller(product.seller)
        if product.status is not ProductStatus.ACTIVE:
            await move(product, ProductStatus.ACTIVE)


async def unpublish(product_id: UUID, actor: Actor) -> None:
    """A draft again, seen by its seller only; also one that was archived. Raises Forbidden, ProductNotFound."""
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        if product.status is not ProductStatus.DRAFT:
            await move(product, ProductStatus.DRAFT)


async def _offered(product_id: UUID, seller_id: UUID, category: UUID | None) -> None:
    await file_under(ItemKind.PRODUCT, product_id, category)
    await outbox.emit(ProductPublished(product_id=product_id, seller_id=seller_id))


async def _withdrawn(product_id: UUID, seller_id: UUID) -> None:
    await file_under(ItemKind.PRODUCT, product_id, None)
    await outbox.emit(ProductWithdrawn(product_id=product_id, seller_id=seller_id))
