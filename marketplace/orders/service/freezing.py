"""Freezing an order's money while something about it is in question, and resolving that by an exact split. RULES: Orders."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.service.posting import post_many
from marketplace.orders import events, telling
from marketplace.orders.errors import NothingHeld, OrderFrozen, OrderNotFrozen, SplitNotExact
from marketplace.orders.fulfilment import CancelledBy, LockedOrder, disputed_of, of_kind, tell_frozen
from marketplace.orders.locking import lock_order
from marketplace.orders.parts import CHECKOUTS
from marketplace.orders.service import paying_back
from marketplace.orders.service.closing import close, may_close
from marketplace.orders.service.completing import finish
from marketplace.orders.service.dividing import nothing_due
from marketplace.orders.service.moving import change, check, move
from marketplace.orders.service.releasing import check_not_frozen, note_released, released_by, resume_clearing
from marketplace.orders.states import Phase

DISPUTE: Final = "dispute"
"""What `frozen_by` says while the two sides are in dispute."""
BEFORE: Final = """
SELECT from_status FROM order_history WHERE "order" = $1 AND to_status = $2 AND from_status <> $2 ORDER BY id DESC LIMIT 1
"""
CHARGED_BACK: Final = f"""
SELECT EXISTS (SELECT FROM chargebacks c JOIN payments p ON p.id = c.payment
  WHERE p.purpose = 'checkout' AND p.subject IN {CHECKOUTS.format("$1")} AND c.status = 'open')
"""


async def freeze(order_id: UUID, by: str, actor: UUID | None, reason: str) -> LockedOrder:
    """The escrow of an open order stays where it is until `unfreeze` or `resolve`. `by` names what froze it: `dispute`.

    Raises OrderNotFound, OrderFrozen if it is already, NothingHeld if there is no money in escrow.
    """
    async with db.transaction():
        order = await lock_order(order_id)
        check_not_frozen(order)
        if order.phase is not Phase.OPEN or order.held_minor == 0:
            raise NothingHeld
        return await freeze_locked(order, by, actor, reason)


async def freeze_locked(order: LockedOrder, by: str, actor: UUID | None, reason: str) -> LockedOrder:
    """Of whatever phase: what has been released does not clear, either. Raises IllegalTransition where its kind has a status
    for disputes, and it cannot be disputed as it stands.
    """
    columns: dict[str, Any] = {"frozen_at": clock.now(), "frozen_by": by}
    disputed = disputed_of(order.kind) if by == DISPUTE else None
    if disputed is None:
        frozen = await change(order, actor, f"Frozen: {reason}", **columns)
    else:
        frozen = await move(order, disputed, actor, f"Frozen: {reason}", **columns)
    await tell_frozen(frozen)
    await nothing_due(frozen)
    await outbox.emit(events.OrderFrozen(**telling.of(order), by=by, reason=reason))
    return frozen


async def unfreeze(order_id: UUID, actor: UUID | None, reason: str) -> LockedOrder:
    """Go on as before; the buyer has as long to speak as there was left. Raises OrderNotFound, OrderNotFrozen."""
    async with db.transaction():
        order = await lock_order(order_id)
        await _check_no_chargeback(order)
        return await unfreeze_locked(order, actor, reason)


async def unfreeze_locked(order: LockedOrder, actor: UUID | None, reason: str) -> LockedOrder:
    if order.frozen_at is None:
        raise OrderNotFrozen
    due = _later(order, order.frozen_at)
    columns: dict[str, Any] = {"frozen_at": None, "frozen_by": "", "auto_complete_at": due}
    if order.status == disputed_of(order.kind):
        before = await db.fetch_val(BEFORE, order.id, order.status)
        thawed = await move(order, before, actor, f"Unfrozen: {reason}", **columns)
    else:
        thawed = await change(order, actor, f"Unfrozen: {reason}", **columns)
    if due is not None and order.phase is Phase.OPEN:
        await timers.schedule("orders.auto_complete", order.id, due)
    await resume_clearing(thawed)
    await tell_frozen(thawed)
    await outbox.emit(events.OrderUnfrozen(**telling.of(order), by=order.frozen_by, reason=reason))
    return thawed


def _later(order: LockedOrder, frozen_at: datetime) -> datetime | None:
    return order.auto_complete_at and order.auto_complete_at + (clock.now() - frozen_at)


async def resolve(
    order_id: UUID,
    buyer_minor: int,
    seller_minor: int,
    actor: UUID | None,
    reason: str,
    *,
    request_id: UUID | None = None,
) -> LockedOrder:
    """Divide a frozen order's escrow exactly, in minor units: the first part is refunded, the second released.

    The seller pays commission and tax on their share only. The order is completed, or cancelled (returned, where
    something has been sent) where all that was paid goes back. Raises OrderNotFound, OrderNotFrozen, NothingHeld, SplitNotExact, IllegalTransition.
    """
    async with db.transaction():
        order = await lock_order(order_id)
        await _check_no_chargeback(order)
        _check_split(order, buyer_minor, seller_minor)
        whole = buyer_minor == order.refundable_minor
        kind = of_kind(order.kind)
        if not (whole and may_close(order)):
            check(order, kind.cancelled if whole else kind.completed)
        moved = await (close(order, CancelledBy.STAFF, actor, reason) if whole else finish(order, actor, reason))
        giving = await paying_back.prepare(moved, buyer_minor, actor, request_id or uuid7()) if buyer_minor else None
        transfers = giving.transfers if giving else []
        if seller_minor:
            transfers.append(released_by(moved, seller_minor, actor))
        await post_many(transfers)
        if giving:
            moved = await paying_back.record(giving, actor, reason)
        if seller_minor:
            moved = await note_released(moved, seller_minor)
        await resume_clearing(moved)
        await outbox.emit(events.OrderUnfrozen(**telling.of(order), by=order.frozen_by, reason=reason))
        return moved


async def _check_no_chargeback(order: LockedOrder) -> None:
    """While a bank decides, nobody else does."""
    if await db.fetch_val(CHARGED_BACK, order.id):
        raise OrderFrozen(frozen_by="chargeback")


def _check_split(order: LockedOrder, buyer_minor: int, seller_minor: int) -> None:
    if not order.frozen:
        raise OrderNotFrozen
    if order.held_minor == 0:
        raise NothingHeld
    if min(buyer_minor, seller_minor) < 0 or buyer_minor + seller_minor != order.held_minor:
        held = Money(order.held_minor, order.currency)
        raise SplitNotExact(held=held.text, currency=held.currency)
