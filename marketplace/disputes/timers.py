from uuid import UUID

from marketplace.core.timers import Payload, timer
from marketplace.disputes.service import waiting
from marketplace.disputes.service.turns import DUE


@timer(DUE)
async def due(key: str, _: Payload) -> None:
    await waiting.due(UUID(key))
