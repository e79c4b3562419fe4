"""What happens to reviews and standings at a time. Each action looks at the present state first, so a late or second one is harmless."""

from uuid import UUID

from marketplace.core.timers import Payload, timer
from marketplace.reviews.service import revealing, standing


@timer(revealing.TIMER)
async def reveal(key: str, _: Payload) -> None:
    await revealing.reveal(UUID(key))


@timer(standing.TIMER)
async def recompute(key: str, _: Payload) -> None:
    await standing.recompute([UUID(key)])
