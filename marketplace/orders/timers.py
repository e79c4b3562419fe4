"""What happens to orders at a time. Each action looks at the present state first, so that a late or second one is harmless."""

from uuid import UUID

from marketplace.core.timers import Payload, timer
from marketplace.orders.service import cancelling, completing, releasing


@timer("orders.expiry")
async def expiry(key: str, _: Payload) -> None:
    await cancelling.expire(UUID(key))


@timer("orders.auto_complete")
async def auto_complete(key: str, _: Payload) -> None:
    await completing.auto_complete(UUID(key))


@timer("orders.clear")
async def clear(key: str, _: Payload) -> None:
    order_id, upto = key.split(":")
    await releasing.clear(UUID(order_id), int(upto))
