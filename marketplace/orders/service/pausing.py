"""While some of an order is being sent back, silence does not count as receipt and nothing clears: the money waits for the end of it."""

from marketplace.core import clock, timers
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service.moving import change
from marketplace.orders.service.releasing import resume_clearing
from marketplace.orders.states import Phase


async def pause(order: LockedOrder) -> LockedOrder:
    """One return more of a locked order is open."""
    paused_at = order.paused_at or clock.now()
    return await change(order, open_returns=order.open_returns + 1, paused_at=paused_at)


async def resume(order: LockedOrder) -> LockedOrder:
    """One less. With the last, the order goes on: its buyer has as long to speak as there was left."""
    assert order.open_returns and order.paused_at is not None, "it was open"
    if order.open_returns > 1:
        return await change(order, open_returns=order.open_returns - 1)
    due = order.auto_complete_at and order.auto_complete_at + (clock.now() - order.paused_at)
    after = await change(order, open_returns=0, paused_at=None, auto_complete_at=due)
    if due is not None and order.phase is Phase.OPEN:
        await timers.schedule("orders.auto_complete", order.id, due)
    await resume_clearing(after)
    return after
