"""Ending a paid order whose money goes back: cancelled, or, once something of it has been sent, returned. RULES: Orders.

The callers see to the money.
"""

from uuid import UUID

from marketplace.core import clock, outbox, timers
from marketplace.orders import progress, telling
from marketplace.orders.events import OrderReturned
from marketplace.orders.fulfilment import CancelledBy, LockedOrder, of_kind
from marketplace.orders.service.cancelling import end
from marketplace.orders.service.moving import move
from marketplace.orders.service.releasing import release
from marketplace.orders.states import Goods, Phase


def may_close(order: LockedOrder) -> bool:
    """Whether its machine lets an open order end that way as it stands."""
    kind = of_kind(order.kind)
    return bool(order.sent_parts) or kind.machine.allows(kind.statuses(order.status), kind.statuses(kind.cancelled))


async def close(order: LockedOrder, by: CancelledBy, actor: UUID | None, reason: str) -> LockedOrder:
    """End an open order, of which all that was paid goes back."""
    if not order.sent_parts:
        return await end(order, by, actor, reason)
    if order.status == Goods.PROCESSING:
        order = await _give_up_the_rest(order, by, actor, reason)
    return await returned(await _delivered(order, actor), actor, reason)


async def sent_back(order: LockedOrder, actor: UUID | None, reason: str) -> LockedOrder:
    """All goods of a locked order came back. What of its escrow is not given back (the shipping, say) is its seller's."""
    if order.phase is not Phase.OPEN:
        return await returned(order, actor, reason)
    return await release(await returned(await _delivered(order, actor), actor, reason), actor=actor)


async def _delivered(order: LockedOrder, actor: UUID | None) -> LockedOrder:
    """A history tells of the arrival that it is known to have had."""
    return order if order.delivered_at is None else await move(order, Goods.DELIVERED, actor, "Delivered")


async def _give_up_the_rest(order: LockedOrder, by: CancelledBy, actor: UUID | None, reason: str) -> LockedOrder:
    """What has not been sent never will be: it is given back to where it was reserved."""
    rest = progress.unsent((await progress.progress_of(order.id)).values())
    await of_kind(order.kind).on_cancelled(order, by, reason)
    await progress.count_cancelled(order.id, rest)
    return await move(order, Goods.SHIPPED, actor, "What was not sent is called off", shipped_at=clock.now())


async def returned(order: LockedOrder, actor: UUID | None, reason: str) -> LockedOrder:
    """A locked order whose goods came back, or are given up; where its kind has a word for that, else as it was."""
    kind = of_kind(order.kind)
    if not any(
        status == Goods.RETURNED and kind.machine.allows(kind.statuses(order.status), status)
        for status in kind.statuses
    ):
        return order
    over = await move(
        order, Goods.RETURNED, actor, reason or "All of it was refunded", completed_at=order.completed_at or clock.now(),
        auto_complete_at=None, frozen_at=None, frozen_by="",
    )  # fmt: skip
    await timers.cancel("orders.auto_complete", order.id)
    await outbox.emit(OrderReturned(**telling.of(over), reason=reason))
    return over
