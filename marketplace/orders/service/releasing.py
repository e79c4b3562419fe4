"""Releasing an order's escrow to its seller, the platform and the tax office, whole or in parts. RULES: Money."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.core.money import Money
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.locking import lock_available
from marketplace.ledger.service.posting import post, post_many
from marketplace.ledger.states import AccountKind
from marketplace.orders import accounts, telling
from marketplace.orders.errors import NotYetPaid, OrderFrozen, ReleaseExceedsHeld
from marketplace.orders.events import OrderCleared, OrderReleased
from marketplace.orders.fulfilment import LockedOrder, tell_released
from marketplace.orders.locking import lock_order
from marketplace.orders.service.moving import change
from marketplace.orders.service.sources import pending_of
from marketplace.orders.shares import Shares, between
from marketplace.orders.states import Phase
from marketplace.orders.tiers import clearing

CLEAR: Final = "orders.clear"
PUT_BY: Final = """
SELECT e.amount_minor FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id JOIN ledger_accounts a ON a.id = e.account
WHERE t.key = $1 AND a.kind = $2
"""
UNCLEARED: Final = """
SELECT split_part(t.key, ':', 4)::bigint AS upto, t.created_at FROM ledger_transfers t
WHERE t.order_id = $1 AND t.key LIKE 'order:%:release:%'
  AND NOT EXISTS (SELECT FROM ledger_transfers c WHERE c.key = replace(t.key, ':release:', ':clear:'))
ORDER BY 1
"""


async def release(order: LockedOrder, amount: Money | None = None, actor: UUID | None = None) -> LockedOrder:
    """Release so much of a locked order's escrow, or all of it, in the caller's transaction; nothing held is nothing done.

    The seller's part is pending until it clears. Raises OrderFrozen, NotYetPaid, ReleaseExceedsHeld.
    """
    check_not_frozen(order)
    if order.phase in (Phase.UNPAID, Phase.CANCELLED):
        raise NotYetPaid
    held = Money(order.held_minor, order.currency)
    if amount is not None and not 0 < amount.minor <= held.minor:
        raise ReleaseExceedsHeld(held=held.text, currency=held.currency)
    minor = held.minor if amount is None else amount.minor
    if minor == 0:
        return order
    await post_many([released_by(order, minor, actor)])
    return await note_released(order, minor)


def check_not_frozen(order: LockedOrder) -> None:
    if order.frozen:
        raise OrderFrozen(frozen_by=order.frozen_by, current=order.status)


def _shares(order: LockedOrder, minor: int) -> Shares:
    return between(
        order.released_minor, order.released_minor + minor,
        total=order.total_minor, fee=order.commission_minor, tax=order.tax_minor,
    )  # fmt: skip


def released_by(order: LockedOrder, minor: int, actor: UUID | None) -> Transfer:
    """The transfer that releases so much more. Its number is what has been released with it."""
    part = _shares(order, minor)
    targets = (
        (accounts.pending(order), part.seller),
        (accounts.fee(order.currency), part.fee),
        (accounts.tax(order.currency), part.tax),
    )
    return Transfer(
        key=f"order:{order.id}:release:{order.released_minor + minor}", reason="release", order_id=order.id, actor=actor,
        moves=[Move(accounts.escrow(order), to, Money(share, order.currency)) for to, share in targets if share],
    )  # fmt: skip


async def note_released(order: LockedOrder, minor: int) -> LockedOrder:
    """What follows from the transfer of `released_by`; `order` is as it was before it."""
    upto, part = order.released_minor + minor, _shares(order, minor)
    clears_at = clock.now() + await clearing(order.seller)
    released = await change(order, released_minor=upto, clears_at=clears_at, cleared_at=None)
    await timers.schedule(CLEAR, f"{order.id}:{upto}", clears_at)
    await tell_released(released, minor)
    await outbox.emit(OrderReleased(**telling.of(order), amount=minor, seller_amount=part.seller))
    return released


async def clear(order_id: UUID, upto: int) -> None:
    """What one release put by for the seller is theirs to take out, less what they owe. Safe to repeat.

    What was refunded meanwhile is gone from it; while the order is frozen, or some of it is being sent back, nothing clears.
    """
    async with db.transaction():
        order = await lock_order(order_id)
        if order.frozen or order.open_returns:
            return
        key = f"order:{order.id}:clear:{upto}"
        if await db.fetch_val("SELECT true FROM ledger_transfers WHERE key = $1", key):
            return
        put_by = await db.fetch_val(PUT_BY, f"order:{order.id}:release:{upto}", AccountKind.SELLER_PENDING) or 0
        pending, available, debt = accounts.pending(order), accounts.available(order), accounts.debt(order)
        free = await lock_available([pending, available, debt])
        own = (await pending_of([order.id]))[order.id]
        minor = min(put_by, own)
        paid = min(minor, -free.get(debt, 0))
        moves = [
            Move(pending, to, Money(part, order.currency)) for to, part in ((debt, paid), (available, minor - paid)) if part
        ]  # fmt: skip
        if moves:
            await post(Transfer(key=key, reason="clear", order_id=order.id, moves=moves))
            await outbox.emit(OrderCleared(**telling.of(order), amount=minor - paid, debt_paid=paid))
        if own == minor and order.held_minor == 0:
            await change(order, cleared_at=clock.now())


async def resume_clearing(order: LockedOrder) -> None:
    """Have what could not clear while a locked order was frozen, or was being sent back, clear when its time comes, or now if it has come."""
    waiting = await db.fetch(UNCLEARED, order.id)
    period = await clearing(order.seller) if waiting else timedelta()
    for row in waiting:
        await timers.schedule(CLEAR, f"{order.id}:{row['upto']}", max(row["created_at"] + period, clock.now()))
