"""Refunding an order, in whole or in part, as often as there is something left of what was paid. RULES: Money."""

from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, to_minor
from marketplace.orders.errors import NotYetPaid, OnlyTheSeller, RefundExceedsPaid
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.locking import lock_order, lock_order_of
from marketplace.orders.service import paying_back
from marketplace.orders.service.closing import close, may_close, returned
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Phase


async def refund_sold(
    order_id: UUID, seller_id: UUID, amount: str | None, reason: str, *, request_id: UUID | None = None
) -> UUID:
    """By its seller, an amount as text in the order's currency. Raises OnlyTheSeller for its buyer, else as `refund` does."""
    async with db.transaction():
        order = await lock_order_of(order_id, seller_id)
        if order.seller != seller_id:
            raise OnlyTheSeller
        wanted = None if amount is None else Money(to_minor(amount, order.currency), order.currency)
        return await _refund(order, wanted, seller_id, CancelledBy.SELLER, reason, request_id)


async def refund(
    order_id: UUID, amount: Money | None, actor: UUID | None, reason: str, *, request_id: UUID | None = None
) -> UUID:
    """For staff and for ways to sell: so much of it, or (None) all that is left. Returns the refund's id.

    The same `request_id` again is the same refund. All of an open order refunded ends it: cancelled, or returned once something was sent. Raises OrderNotFound,
    NotYetPaid, OrderFrozen, RefundExceedsPaid.
    """
    async with db.transaction():
        return await _refund(await lock_order(order_id), amount, actor, CancelledBy.STAFF, reason, request_id)


async def _refund(
    order: LockedOrder, amount: Money | None, actor: UUID | None, by: CancelledBy, reason: str, request_id: UUID | None
) -> UUID:
    if request_id and await db.fetch_val(
        "SELECT true FROM refunds WHERE id = $1 AND order_id = $2", request_id, order.id
    ):
        return request_id
    if order.captured_minor == 0:
        raise NotYetPaid
    check_not_frozen(order)
    left = Money(order.refundable_minor, order.currency)
    if amount is not None and (amount.currency != order.currency or amount.minor <= 0):
        raise ValidationFailed.of("amount", f"Must be an amount above zero in {order.currency}.")
    minor = left.minor if amount is None else amount.minor
    if not 0 < minor <= left.minor:
        raise RefundExceedsPaid(refundable=left.text, currency=left.currency)
    refund_id = request_id or uuid7()
    after = order
    if minor == left.minor and order.phase is Phase.OPEN and may_close(order):
        after = await close(order, by, actor, reason)
    after = await paying_back.give(after, minor, actor, reason, refund_id=refund_id)
    if minor == left.minor and order.phase is Phase.COMPLETED:
        await returned(after, actor, reason)
    return refund_id
