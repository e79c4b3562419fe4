"""What the end of an order means to the work under it. Both run in the transaction that ends it, under its lock."""

from uuid import UUID

from marketplace.core import timers
from marketplace.engagements.service.clockwork import LATENESS
from marketplace.engagements.service.opening import GIVE_UP


async def completed(order_id: UUID) -> None:
    await _stop(order_id)


async def cancelled(order_id: UUID) -> None:
    await _stop(order_id)


async def _stop(order_id: UUID) -> None:
    await timers.cancel(LATENESS, order_id)
    await timers.cancel(GIVE_UP, order_id)
