"""What the processes of the cart's races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item


async def add(job: dict[str, Any]) -> list[str]:
    """Put `quantity` of a product into one cart, so many `times` at once. `new`, `more` or the refusal, of each."""
    owner = Owner(user=UUID(job["user"]))

    async def one() -> str:
        try:
            added = await add_item(owner, UUID(job["product"]), None, job["quantity"])
        except DomainError as refusal:
            return refusal.code
        return "new" if added.is_new else "more"

    return list(await asyncio.gather(*(one() for _ in range(job["times"]))))
