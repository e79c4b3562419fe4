"""What can be chosen of a product. One without choices has a single variant without a name."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.shop.errors import VariantNotFound, VariantRequired
from marketplace.shop.queries.locking import LockedVariant, lock_variants_of
from marketplace.shop.service import stock

LISTED: Final = "listed"


class VariantDraft(Struct, frozen=True, kw_only=True):
    """A variant to be. No `price_minor`: the product's."""

    name: str
    sku: str = ""
    price_minor: int | None = None
    quantity: int = 0
    attributes: str = "{}"
    weight_g: int | None = None


class VariantPatch(Struct, frozen=True, kw_only=True):
    """With an id: what to change of that variant; without: a new one."""

    id: UUID | None = None
    name: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    price_minor: int | UnsetType | None = UNSET
    quantity: int | UnsetType = UNSET
    attributes: str | UnsetType = UNSET
    weight_g: int | UnsetType | None = UNSET


async def create(
    product_id: UUID, drafts: Sequence[VariantDraft], tracks_stock: bool, actor: UUID, first: int = 1
) -> list[UUID]:
    """Add variants behind those there are, with what lies on the shelf of each. Returns their ids."""
    check_names([draft.name for draft in drafts])
    check_skus([draft.sku for draft in drafts])
    ids = [uuid7() for _ in drafts]
    await db.execute(
        "INSERT INTO product_variants (id, product, name, sku, price_minor, weight_g, attributes, position, is_active, "
        "tracks_stock, on_hand, allocated, created_at) SELECT id, $2, name, sku, price, weight, attributes::jsonb, "
        "$3 + n - 1, true, $4, 0, 0, now() FROM unnest($1::uuid[], $5::text[], $6::text[], $7::bigint[], $8::int[], $9::text[]) "
        "WITH ORDINALITY AS t(id, name, sku, price, weight, attributes, n)",
        ids, product_id, first, tracks_stock, [one.name for one in drafts], [one.sku for one in drafts],
        [one.price_minor for one in drafts], [one.weight_g for one in drafts], [one.attributes for one in drafts],
    )  # fmt: skip
    quantities = {id_: draft.quantity for id_, draft in zip(ids, drafts, strict=True)}
    await stock.receive(quantities, actor=actor, reason=LISTED)
    return ids


def check_names(names: Sequence[str]) -> None:
    """Raises ValidationFailed naming the variants that nobody could tell from others."""
    _check_apart(names, "name", "Another variant of this product has this name.")


def check_skus(skus: Sequence[str]) -> None:
    """Raises ValidationFailed naming the variants that say the same."""
    _check_apart(skus, "sku", "Another variant of this product has this SKU.")


def _check_apart(said: Sequence[str], field: str, message: str) -> None:
    seen: set[str] = set()
    wrong = {}
    for n, one in enumerate(said):
        if one and one in seen:
            wrong[f"variants[{n}].{field}"] = [message]
        seen.add(one)
    if wrong:
        raise ValidationFailed(fields=wrong)


async def the_only_one(product_id: UUID, field: str) -> LockedVariant:
    """The variant of a product without choices. Raises ValidationFailed naming `field` where there are several."""
    sold = [one for one in (await lock_variants_of(product_id)).values() if one.is_active]
    if len(sold) != 1 or sold[0].name:
        said = "This product has variants, each with a quantity of its own."
        raise ValidationFailed.of(field, said)
    return sold[0]


async def chosen(product_id: UUID, variant_id: UUID | None) -> LockedVariant:
    """The variant that is meant, locked. Raises VariantNotFound, or VariantRequired where there is more than one."""
    sold = {id_: one for id_, one in (await lock_variants_of(product_id)).items() if one.is_active}
    if variant_id is not None:
        if variant_id not in sold:
            raise VariantNotFound
        return sold[variant_id]
    if len(sold) != 1:
        raise VariantRequired(fields={"variant_id": [VariantRequired.default_message]})
    return next(iter(sold.values()))


async def replace(
    product_id: UUID, wanted: Sequence[VariantPatch], tracks_stock: bool, actor: UUID, reason: str = ""
) -> None:
    """Have exactly these variants for sale. Those not named stay for the orders that name them.

    None at all: the product has no choices any more. Raises ValidationFailed, VariantNotFound, StockUnavailable.
    """
    there = await lock_variants_of(product_id)
    named = [one for one in wanted if one.id is not None]
    if unknown := [one.id for one in named if one.id not in there or not there[one.id].name]:
        raise VariantNotFound(variants=[str(id_) for id_ in unknown])
    if len({one.id for one in named}) < len(named):
        raise ValidationFailed.of("variants", "Name each variant once.")
    kept = {one.id for one in named}
    if not wanted:
        kept = {id_ for id_, one in there.items() if not one.name}
    # Their SKUs are free before others take them: those not sold any more have none to be found by.
    await db.execute(
        "UPDATE product_variants SET is_active = id = ANY($2::uuid[]), sku = CASE WHEN id = ANY($2::uuid[]) THEN sku ELSE '' END "
        "WHERE product = $1",
        product_id, list(kept),
    )  # fmt: skip
    if not wanted and not kept:
        await create(product_id, [VariantDraft(name="")], tracks_stock, actor)
    await _check_with_those_kept(product_id, wanted)
    for position, one in enumerate(wanted, start=1):
        if one.id is None:
            await create(product_id, [_draft(one, position)], tracks_stock, actor, position)
        else:
            await _change(one.id, one, position)
            if one.quantity is not UNSET:
                await stock.correct(one.id, available=one.quantity, actor=actor, reason=reason)


async def _check_with_those_kept(product_id: UUID, wanted: Sequence[VariantPatch]) -> None:
    """Raises ValidationFailed where two variants would have one name or SKU; clears SKUs that are about to change hands."""
    rows = await db.fetch("SELECT id, name, sku FROM product_variants WHERE product = $1 AND is_active", product_id)
    present = {row["id"]: row for row in rows}

    def will_be(one: VariantPatch, field: str) -> str:
        said: str | UnsetType = getattr(one, field)
        return said if said is not UNSET else present[one.id][field] if one.id in present else ""

    check_names([will_be(one, "name") for one in wanted])
    check_skus([will_be(one, "sku") for one in wanted])
    changing = [one.id for one in wanted if one.id is not None and one.sku is not UNSET]
    await db.execute("UPDATE product_variants SET sku = '' WHERE id = ANY($1::uuid[])", changing)


def _draft(one: VariantPatch, position: int) -> VariantDraft:
    if one.name is UNSET:
        raise ValidationFailed.of(f"variants[{position - 1}].name", "This field is required.")
    given = {name: value for name in VariantDraft.__struct_fields__ if (value := getattr(one, name)) is not UNSET}
    return VariantDraft(**given)


async def _change(variant_id: UUID, patch: VariantPatch, position: int) -> None:
    changes = {
        name: value
        for name in ("name", "sku", "price_minor", "weight_g", "attributes")
        if (value := getattr(patch, name)) is not UNSET
    }
    changes["position"] = position
    said = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=2))
    await db.execute(f"UPDATE product_variants SET {said} WHERE id = $1", variant_id, *changes.values())


async def track(product_id: UUID, tracks_stock: bool, actor: UUID) -> None:
    """Count a product's stock from now on, or no more. What was promised meanwhile is taken to lie on the shelf."""
    variants = await lock_variants_of(product_id)
    if tracks_stock:
        for one in variants.values():
            if one.allocated > one.on_hand:
                await stock.correct(one.id, on_hand=one.allocated, actor=actor, reason="counted from now on")
    await db.execute("UPDATE product_variants SET tracks_stock = $2 WHERE product = $1", product_id, tracks_stock)
