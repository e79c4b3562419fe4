"""What the processes of the shipments' races do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import marketplace.wiring  # noqa: F401 - what hears of a shipment is part of sending it
from marketplace.core.errors import DomainError
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import calling_off
from tests.factories.orders import read
from tests.factories.returns import lines_of
from tests.factories.shipments import send


async def _said(deed: Awaitable[Any]) -> str:
    try:
        await deed
    except DomainError as refusal:
        return refusal.code
    return "ok"


async def ship(job: dict[str, Any]) -> list[list[str]]:
    """Of each order, so many times at once: send one more of its first line."""

    async def one(order: str) -> list[str]:
        return list(await asyncio.gather(*(_said(send(UUID(order), 1)) for _ in range(job["times"]))))

    return [await one(order) for order in job["orders"]]


async def ship_or_call_off(job: dict[str, Any]) -> list[list[str]]:
    """Of each order, so many times at once: send one more of its first line, or call one more of it off."""
    if job["deed"] == "ship":
        return await ship(job)

    async def one(order: UUID) -> list[str]:
        [line, *_], seller = await lines_of(order), (await read(order)).seller
        wanted = [WantedLine(line_id=line)]
        deeds = (_said(calling_off.call_off(order, seller, wanted, "race")) for _ in range(job["times"]))
        return list(await asyncio.gather(*deeds))

    return [await one(UUID(order)) for order in job["orders"]]
