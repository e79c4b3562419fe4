"""What the end of an order, and a freeze, mean to the work under it. All of it runs in the transaction that makes it true."""

from marketplace.core import timers
from marketplace.engagements.queries.locking import latest_delivery, read_work
from marketplace.engagements.service import asking, clockwork, milestone_moves
from marketplace.engagements.service.delivering import answer
from marketplace.engagements.service.opening import GIVE_UP
from marketplace.engagements.states import DeliveryStatus
from marketplace.orders.fulfilment import LockedOrder


async def completed(order: LockedOrder) -> None:
    await milestone_moves.completed(order)
    await _over(order, DeliveryStatus.ACCEPTED)


async def cancelled(order: LockedOrder) -> None:
    """`order` is as it was before: whether it was late by then is written down for good."""
    await clockwork.mark(order, await read_work(order.id))
    await milestone_moves.cancelled(order)
    await _over(order, DeliveryStatus.CLOSED)


async def _over(order: LockedOrder, to: DeliveryStatus) -> None:
    latest = await latest_delivery(order.id)
    if latest is not None and latest.status is DeliveryStatus.SUBMITTED:
        await answer(latest, to)
    await asking.lapse(order)
    await timers.cancel(clockwork.LATENESS, order.id)
    await timers.cancel(GIVE_UP, order.id)


async def frozen_or_thawed(order: LockedOrder) -> None:
    """Neither the clock of the work nor the time to answer runs while the order is frozen."""
    await clockwork.set_clock(order, await read_work(order.id))
    await asking.frozen_or_thawed(order)
    await milestone_moves.frozen_or_thawed(order)
