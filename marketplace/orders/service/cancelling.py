"""Cancelling an order: by its buyer, its seller, staff, its way to sell, or because nobody paid in time."""

from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.orders import telling
from marketplace.orders.errors import CancellationRefused
from marketplace.orders.events import OrderCancelled
from marketplace.orders.fulfilment import CancelledBy, LockedOrder, of_kind
from marketplace.orders.locking import lock_order, lock_order_of
from marketplace.orders.service import paying_back
from marketplace.orders.service.dividing import nothing_due
from marketplace.orders.service.moving import check, move
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Phase


async def cancel_own(order_id: UUID, viewer_id: UUID, reason: str, *, request_id: UUID | None = None) -> LockedOrder:
    """By the buyer or the seller, as far as the kind lets them; what was paid goes back.

    Raises OrderNotFound, IllegalTransition, CancellationRefused, OrderFrozen.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, viewer_id)
        by = CancelledBy.BUYER if order.buyer == viewer_id else CancelledBy.SELLER
        return await cancel_locked(order, by, viewer_id, reason, request_id=request_id)


async def cancel(
    order_id: UUID, by: CancelledBy, actor: UUID | None, reason: str, *, request_id: UUID | None = None
) -> LockedOrder:
    """For staff and for ways to sell. Raises as `cancel_own` does."""
    async with db.transaction():
        return await cancel_locked(await lock_order(order_id), by, actor, reason, request_id=request_id)


async def cancel_locked(
    order: LockedOrder, by: CancelledBy, actor: UUID | None, reason: str, *, request_id: UUID | None = None
) -> LockedOrder:
    """Cancel a locked order: give back what was reserved, once, and refund what is left of what was paid; of an order in parts,
    what is in escrow: what was released was earned. Nobody cancels an order of which something has been sent: what has not can
    still be called off by line.
    """
    kind = of_kind(order.kind)
    check(order, kind.cancelled)
    check_not_frozen(order)
    if order.sent_parts:
        told = "Part of this order has been sent. What has not can still be called off by line."
        raise CancellationRefused(told, current=order.status, target=kind.cancelled)
    if by is not CancelledBy.KIND and not await kind.may_cancel(order, by):
        raise CancellationRefused(current=order.status, target=kind.cancelled)
    cancelled = await end(order, by, actor, reason)
    minor = order.held_minor if order.in_parts else order.refundable_minor
    if minor:
        cancelled = await paying_back.give(cancelled, minor, actor, reason or "cancelled", refund_id=request_id)
    return cancelled


async def end(order: LockedOrder, by: CancelledBy, actor: UUID | None, reason: str) -> LockedOrder:
    """Cancelled, but for the money: the caller sees to that."""
    kind = of_kind(order.kind)
    await kind.on_cancelled(order, by, reason)
    cancelled = await move(
        order, kind.cancelled, actor, reason or by.value, cancel_reason=reason, cancelled_at=clock.now(), expires_at=None,
        auto_complete_at=None, frozen_at=None, frozen_by="",
    )  # fmt: skip
    await timers.cancel("orders.expiry", order.id)
    await timers.cancel("orders.auto_complete", order.id)
    await nothing_due(order)
    await outbox.emit(
        OrderCancelled(**telling.of(order), by=by.value, reason=reason, was_paid=order.captured_minor > 0)
    )
    return cancelled


async def expire(order_id: UUID) -> None:
    """The time to pay has passed. Safe to repeat; one that was paid, or whose time was moved, stays."""
    async with db.transaction():
        order = await lock_order(order_id)
        if order.phase is not Phase.UNPAID or order.expires_at is None:
            return
        if order.expires_at > clock.now():
            await timers.schedule("orders.expiry", order.id, order.expires_at)
            return
        await end(order, CancelledBy.EXPIRED, None, "Not paid in time")
