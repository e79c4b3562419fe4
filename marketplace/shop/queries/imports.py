from typing import Final
from uuid import UUID

from marketplace.core import db, rows
from marketplace.shop.errors import ImportNotFound
from marketplace.shop.schemas.imports import ImportOut
from marketplace.shop.sheets import Group

IMPORT: Final = "id, filename, mode, status, total, done, created, updated, failed, errors, created_at, finished_at"


async def get_import(import_id: UUID, seller_id: UUID) -> ImportOut:
    """Raises ImportNotFound for anybody else's."""
    found = await rows.one_or_none(
        ImportOut, f"SELECT {IMPORT} FROM product_imports WHERE id = $1 AND seller = $2", import_id, seller_id
    )
    if found is None:
        raise ImportNotFound
    return found


async def find_own(seller_id: UUID, group: Group) -> UUID | None:
    """The seller's product that the lines are about: by SKU, or by slug where they have none."""
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM products WHERE seller = $1 AND deleted_at IS NULL AND "
        "CASE WHEN $2 <> '' THEN sku = $2 ELSE $3 <> '' AND slug = $3 END",
        seller_id, group.sku, group.slug,
    )  # fmt: skip
    return found


async def variants_by_name(product_id: UUID) -> dict[tuple[str, str], str]:
    """What is sold of a product, by ("sku", ...) and ("name", ...); empty where there is nothing to choose."""
    found: dict[tuple[str, str], str] = {}
    for row in await db.fetch(
        "SELECT id, name, sku FROM product_variants WHERE product = $1 AND is_active AND name <> '' ORDER BY position DESC",
        product_id,
    ):
        found["name", row["name"]] = str(row["id"])
        if row["sku"]:
            found["sku", row["sku"]] = str(row["id"])
    return found
