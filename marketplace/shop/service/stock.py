"""Stock: what lies on the shelf, and what of it is promised. The one place that moves either.

Every function joins the caller's transaction, locks the variants in the order of their ids, and writes a row of the journal
for each that moved. A constraint of the database has the last word: no more is promised than there is. What an order still has
reserved is what its rows of the journal say, so nothing is given back, or shipped, twice.

A caller that changes products as well locks those first (`queries.locking`). RULES: Stock.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from marketplace.core import db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.shop.errors import NotReserved, NotShipped, StockUnavailable, VariantNotFound
from marketplace.shop.events import StockLow
from marketplace.shop.freshness import stock_moved
from marketplace.shop.queries.locking import LockedVariant, lock_variants
from marketplace.shop.queries.stock import held_for, offers_of, sent_with, unwritten
from marketplace.shop.states import MovementKind

MOST: Final = 10_000_000
"""Pieces of one thing on the shelf."""


class Change(Struct, frozen=True):
    """What a movement does to a variant."""

    on_hand: int = 0
    allocated: int = 0


async def receive(quantities: Mapping[UUID, int], *, actor: UUID | None = None, reason: str = "") -> None:
    """So many more lie on the shelf."""
    changes = {variant: Change(on_hand=quantity) for variant, quantity in quantities.items() if quantity > 0}
    async with db.transaction():
        await _move(MovementKind.RECEIVED, changes, await _locked(changes), actor=actor, reason=reason)


async def correct(
    variant_id: UUID,
    *,
    on_hand: int | None = None,
    available: int | None = None,
    change: int | None = None,
    actor: UUID | None,
    reason: str = "",
) -> LockedVariant:
    """One variant's stock is another: what was counted on the shelf, what can be sold, or so many more or fewer.

    What is promised to orders stays promised: raises StockUnavailable where the shelf would hold less. Returns it as it is afterwards.
    """
    assert sum(one is not None for one in (on_hand, available, change)) == 1, "one way to say it"
    async with db.transaction():
        variants = await _locked([variant_id])
        was = variants[variant_id]
        promised = was.allocated if was.tracks_stock else 0
        wanted = (
            on_hand
            if on_hand is not None
            else promised + available
            if available is not None
            else was.on_hand + (change or 0)
        )
        if wanted > MOST:
            raise ValidationFailed.of("quantity", f"At most {MOST:,} of one thing.")
        if wanted < promised:
            raise StockUnavailable.of([_short(was, was.on_hand - wanted)])
        return (await _move(
            MovementKind.CORRECTED, {variant_id: Change(on_hand=wanted - was.on_hand)}, variants, actor=actor, reason=reason,
        )).get(variant_id, was)  # fmt: skip


async def reserve(
    order_id: UUID, wanted: Mapping[UUID, int], locked: Mapping[UUID, LockedVariant] | None = None
) -> None:
    """Promise so many of each variant to an order, all or none. Raises StockUnavailable naming every variant that is short.

    `wanted` is summed per variant. What is not sold any more counts as none there. `locked`: what `check` has answered in this
    transaction, for all that is wanted in it.
    """
    changes = {variant: Change(allocated=quantity) for variant, quantity in wanted.items() if quantity > 0}
    async with db.transaction():
        variants = await check(wanted) if locked is None else locked
        await _move(MovementKind.RESERVED, changes, variants, order=order_id)


async def check(wanted: Mapping[UUID, int]) -> dict[UUID, LockedVariant]:
    """Lock the variants, and refuse with StockUnavailable unless there is enough of each. In the caller's transaction."""
    variants = await lock_variants(variant for variant, quantity in wanted.items() if quantity > 0)
    short = [
        _short(variants.get(variant) or variant, quantity)
        for variant, quantity in sorted(wanted.items())
        if quantity > 0 and not _is_there(variants.get(variant), quantity)
    ]
    if short:
        raise StockUnavailable.of(short)
    return variants


def _is_there(variant: LockedVariant | None, quantity: int) -> bool:
    return variant is not None and variant.on_sale and (not variant.tracks_stock or variant.available >= quantity)


def _short(variant: LockedVariant | UUID, requested: int) -> dict[str, Any]:
    if isinstance(variant, UUID):
        return {"variant_id": str(variant), "requested": requested, "available": 0}
    available = variant.available if variant.on_sale else 0
    return {
        "variant_id": str(variant.id),
        "product_id": str(variant.product),
        "requested": requested,
        "available": available,
    }


async def release(order_id: UUID, quantities: Mapping[UUID, int] | None = None, *, reason: str = "") -> dict[UUID, int]:
    """Give back what an order has reserved and not shipped: all of it, or so many. Doing it again gives back nothing.

    Returns what was given back. Raises NotReserved for more than there is.
    """
    async with db.transaction():
        returned, variants = await _outstanding(order_id, quantities)
        changes = {variant: Change(allocated=-quantity) for variant, quantity in returned.items()}
        await _move(MovementKind.RELEASED, changes, variants, order=order_id, reason=reason)
        return returned


async def ship(
    order_id: UUID, quantities: Mapping[UUID, int] | None = None, *, actor: UUID | None = None
) -> dict[UUID, int]:
    """What an order has reserved leaves the shelf: all of it, or so many. Returns what left. Raises NotReserved for more."""
    async with db.transaction():
        sent, variants = await _outstanding(order_id, quantities)
        changes = {
            variant: Change(on_hand=-quantity if variants[variant].tracks_stock else 0, allocated=-quantity)
            for variant, quantity in sent.items()
        }
        await _move(MovementKind.SHIPPED, changes, variants, order=order_id, actor=actor)
        return sent


async def catch_up(order_id: UUID, *, actor: UUID | None = None) -> dict[UUID, int]:
    """What travels with an order's shipments leaves the shelf, as far as it has not yet: however often, and after whichever."""
    async with db.transaction():
        await lock_variants(await held_for(order_id))
        return await ship(order_id, await unwritten(order_id), actor=actor)


async def _outstanding(
    order_id: UUID, quantities: Mapping[UUID, int] | None
) -> tuple[dict[UUID, int], dict[UUID, LockedVariant]]:
    """What to take of an order's reservation, under the locks of its variants."""
    # The journal is read under the locks: two who give back the same order's stock come one after the other.
    variants = await lock_variants(await held_for(order_id))
    held = {variant: n for variant, n in (await held_for(order_id)).items() if variant in variants}
    taken = dict(held) if quantities is None else {variant: n for variant, n in quantities.items() if n > 0}
    if any(n > held.get(variant, 0) for variant, n in taken.items()):
        raise NotReserved(reserved={str(variant): n for variant, n in held.items()})
    return taken, variants


async def take_back(
    order_id: UUID, quantities: Mapping[UUID, int], *, actor: UUID | None = None, reason: str = ""
) -> None:
    """Things that an order's buyer has sent back lie on the shelf again. Raises NotShipped for more than were sent and not yet taken back."""
    wanted = {variant: n for variant, n in quantities.items() if n > 0}
    async with db.transaction():
        variants = await _locked(wanted)
        sent = await sent_with(order_id)
        if any(n > sent.get(variant, 0) for variant, n in wanted.items()):
            raise NotShipped(shipped={str(variant): n for variant, n in sent.items()})
        changes = {variant: Change(on_hand=n) for variant, n in wanted.items()}
        await _move(MovementKind.RETURNED, changes, variants, order=order_id, actor=actor, reason=reason)


async def _locked(variant_ids: Any) -> dict[UUID, LockedVariant]:
    found = await lock_variants(variant_ids)
    if len(found) < len(set(variant_ids)):
        raise VariantNotFound
    return found


MOVE: Final = """
WITH moved AS (
  UPDATE product_variants v SET on_hand = v.on_hand + c.on_hand, allocated = v.allocated + c.allocated
  FROM unnest($1::uuid[], $2::int[], $3::int[]) AS c(id, on_hand, allocated) WHERE v.id = c.id
  RETURNING v.id, v.on_hand, v.allocated, c.on_hand AS by_on_hand, c.allocated AS by_allocated),
journal AS (
  INSERT INTO stock_movements (variant, kind, on_hand_change, allocated_change, on_hand_after, allocated_after, "order", actor, reason, at)
  SELECT id, $4, by_on_hand, by_allocated, on_hand, allocated, $5, $6, $7, now() FROM moved ORDER BY id)
SELECT id, on_hand, allocated FROM moved"""


async def _move(
    kind: MovementKind,
    changes: Mapping[UUID, Change],
    variants: Mapping[UUID, LockedVariant],
    *,
    order: UUID | None = None,
    actor: UUID | None = None,
    reason: str = "",
) -> dict[UUID, LockedVariant]:
    """Move locked variants and write it down. Returns them as they are afterwards."""
    moves = [
        (variant, one.on_hand, one.allocated)
        for variant, one in sorted(changes.items())
        if one.on_hand or one.allocated
    ]
    if not moves:
        return {}
    ids, on_hand, allocated = zip(*moves, strict=True)
    rows = await db.fetch(MOVE, list(ids), list(on_hand), list(allocated), kind, order, actor, reason)
    moved = {
        row["id"]: replace(variants[row["id"]], on_hand=row["on_hand"], allocated=row["allocated"]) for row in rows
    }
    stock_moved()
    await _tell_of_low([one for id_, one in moved.items() if one.tracks_stock and _falls(variants[id_], one)])
    return moved


def _falls(before: LockedVariant, after: LockedVariant) -> bool:
    """Over the mark: what is below it already is not told of again."""
    return after.available <= after.mark < before.available


async def _tell_of_low(variants: list[LockedVariant]) -> None:
    if variants:
        offered = await offers_of([one.id for one in variants])
        await outbox.emit(
            *(
                StockLow(
                    product_id=one.product, variant_id=one.id, seller_id=offered[one.id].seller, name=offered[one.id].name,
                    variant=one.name, available=one.available,
                )
                for one in variants
                if one.id in offered
            )
        )  # fmt: skip
