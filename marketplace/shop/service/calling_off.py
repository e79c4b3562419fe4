"""Calling off a part of a paid order before it is sent: its stock is free again, and its money goes back. All under the order's lock.

What is left is sent and received as if no more had been ordered. Calling off everything is cancelling the order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.orders import progress
from marketplace.orders.errors import NotYetPaid
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.locking import lock_order_of
from marketplace.orders.progress import Progress
from marketplace.orders.service import cancelling, paying_back, shipping
from marketplace.orders.service.moving import change
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Goods, Phase
from marketplace.shop.events import UnitsCancelled
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.queries.returns import bought_lines
from marketplace.shop.return_errors import CancelsTooMany
from marketplace.shop.returning import worth
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import stock

WRITE: Final = """
INSERT INTO order_line_cancellations (cancellation, "order", line, quantity, amount_minor, refunded_minor, actor, reason, at)
SELECT $1, $2, t.line, t.quantity, t.amount, t.refunded, $3, $4, $5
FROM unnest($6::uuid[], $7::int[], $8::bigint[], $9::bigint[]) AS t(line, quantity, amount, refunded)
"""


class CalledOff(Struct, frozen=True):
    """So many of a line, what they are worth, and what of that there is left to give back. Minor units."""

    line: UUID
    quantity: int
    amount: int
    refunded: int


async def call_off(order_id: UUID, viewer_id: UUID, wanted: Sequence[WantedLine], reason: str) -> None:
    """By its buyer or its seller: so many of these lines are not to be sent.

    Raises OrderNotFound, NotYetPaid, IllegalTransition, OrderFrozen, CancelsTooMany, ValidationFailed for a line that is not
    the order's, or named twice.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, viewer_id)
        _check_open(order)
        by = CancelledBy.BUYER if order.buyer == viewer_id else CancelledBy.SELLER
        lines = await progress.progress_of(order_id)
        parts = _parts(wanted, lines)
        left = progress.unsent(lines.values())
        if parts == left and not order.sent_parts and not any(line.cancelled for line in lines.values()):
            await cancelling.cancel_locked(order, by, viewer_id, reason)
            return
        check_not_frozen(order)
        gone = await _priced(order, parts)
        released: Counter[UUID] = Counter()
        for line_id, quantity in parts.items():
            released[lines[line_id].subject] += quantity
        await progress.count_cancelled(order_id, parts)
        await stock.release(order_id, released, reason=f"called off by {by}")
        after = await _pay_back(order, gone, viewer_id, reason)
        await _follow(after, viewer_id, sum(parts.values()), emptied=parts == left)
        await outbox.emit(
            UnitsCancelled(
                order_id=order.id, number=order.number, title=order.title, buyer_id=order.buyer, seller_id=order.seller,
                by=by.value, count=sum(parts.values()), amount=sum(one.refunded for one in gone), currency=order.currency,
                reason=reason,
            )
        )  # fmt: skip


def _check_open(order: LockedOrder) -> None:
    if order.phase is Phase.UNPAID:
        raise NotYetPaid
    if order.kind != KIND or order.status != Goods.PROCESSING:
        raise IllegalTransition(
            f"Nothing of an order that is {order.status} can be called off.", current=order.status,
            target=Goods.CANCELLED.value, allowed=[],
        )  # fmt: skip


def _parts(wanted: Sequence[WantedLine], lines: Mapping[UUID, Progress]) -> dict[UUID, int]:
    parts = {one.line_id: one.quantity for one in wanted}
    if len(parts) < len(wanted):
        raise ValidationFailed.of("lines", "Name each line once.")
    for line_id, quantity in parts.items():
        line = lines.get(line_id)
        if line is None:
            raise ValidationFailed.of("lines", "That is no line of this order.")
        if quantity > line.unsent:
            raise CancelsTooMany(line_id=str(line_id), unsent=line.unsent)
    return parts


async def _priced(order: LockedOrder, parts: Mapping[UUID, int]) -> list[CalledOff]:
    """Cut from the running sum of each line, as returns are: parts sum to what was paid."""
    bought, left, gone = await bought_lines(order.id), order.refundable_minor, []
    for line_id, quantity in parts.items():
        line = bought[line_id]
        amount = worth(line.total_minor, line.quantity, line.settled, quantity)
        gone.append(CalledOff(line_id, quantity, amount, min(amount, left)))
        left -= gone[-1].refunded
    return gone


async def _pay_back(order: LockedOrder, gone: Sequence[CalledOff], actor: UUID, reason: str) -> LockedOrder:
    cancellation = uuid7()
    await db.execute(
        WRITE, cancellation, order.id, actor, reason, clock.now(), [one.line for one in gone], [one.quantity for one in gone],
        [one.amount for one in gone], [one.refunded for one in gone],
    )  # fmt: skip
    minor = sum(one.refunded for one in gone)
    if not minor:
        return order
    return await paying_back.give(
        order, minor, actor, reason or "Called off before it was sent", refund_id=cancellation
    )


async def _follow(order: LockedOrder, actor: UUID, count: int, *, emptied: bool) -> None:
    """The order goes on with what is left: sent already, still to be sent, or nothing at all."""
    note = f"{count} called off before they were sent"
    if not emptied:
        await change(order, actor, note)
    elif order.sent_parts:
        await shipping.nothing_left(order, actor, note)
    else:
        by = CancelledBy.BUYER if actor == order.buyer else CancelledBy.SELLER
        await cancelling.cancel_locked(order, by, actor, note)  # what is left of its money is the shipping
