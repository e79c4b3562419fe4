"""What the processes of the races of milestones do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.engagements.service import milestones
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, freezing


async def _said(deed: Callable[[], Awaitable[Any]]) -> str:
    """`done`, or the refusal."""
    try:
        await db.retrying(deed)
    except DomainError as refusal:
        return refusal.code
    return "done"


async def end(job: dict[str, Any]) -> list[list[str]]:
    """To each order's submitted milestone do what `deed` says, `times` times at once."""

    async def one(order: str, milestone: str, buyer: str) -> list[str]:
        deeds: dict[str, Callable[[], Awaitable[Any]]] = {
            "approve": lambda: milestones.complete(UUID(milestone), UUID(buyer), "", None),
            "silence": lambda: milestones.approve_by_silence(UUID(milestone)),
            "freeze": lambda: freezing.freeze(UUID(order), "chargeback", None, "race"),
            "cancel": lambda: cancelling.cancel(UUID(order), CancelledBy.STAFF, None, "race"),
        }
        return list(await asyncio.gather(*(_said(deeds[job["deed"]]) for _ in range(job["times"]))))

    return [await one(*which) for which in job["orders"]]
