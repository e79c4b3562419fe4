"""What the processes of the checkout's races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

import marketplace.wiring  # noqa: F401 - what hears of an order is part of placing it
from marketplace.core import db
from marketplace.core.errors import DomainError
from tests.factories.checkouts import order


async def check_out(job: dict[str, Any]) -> list[str]:
    """For each (buyer, address), at once: `ok`, or the refusal's code, or the error that should not be."""

    async def one(buyer: str, address: str) -> str:
        try:
            await db.retrying(lambda: order(UUID(buyer), UUID(address)))
        except DomainError as refusal:
            return refusal.code
        except Exception as error:
            return repr(error)
        return "ok"

    gate = asyncio.Semaphore(12)

    async def gated(*names: str) -> str:
        async with gate:
            return await one(*names)

    return list(await asyncio.gather(*(gated(*names) for names in job["buyers"])))
