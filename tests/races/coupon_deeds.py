"""What the processes of the coupons' races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from tests.factories.coupons import cancelled, checked_out


async def use(job: dict[str, Any]) -> list[str]:
    """Check out each user's cart with the codes, all at once. `placed` or the refusal's reason, of each."""

    async def one(user: str) -> str:
        try:
            await checked_out(UUID(user), *job["codes"])
        except DomainError as refusal:
            return str(refusal.details.get("reason", refusal.code))
        return "placed"

    return list(await asyncio.gather(*(one(user) for user in job["users"])))


async def come_and_go(job: dict[str, Any]) -> list[int]:
    """Check out with the codes in this process's own order, cancel, and give back, again and again. How often each was placed."""

    async def one(user: str) -> int:
        placed = 0
        for _ in range(job["times"]):
            try:
                checkout_id = await checked_out(UUID(user), *job["codes"])
            except DomainError:
                continue
            placed += 1
            await cancelled(checkout_id, UUID(job["seller"]))
        return placed

    return list(await asyncio.gather(*(one(user) for user in job["users"])))
