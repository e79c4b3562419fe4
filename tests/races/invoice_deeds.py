"""What the processes of the invoices' races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.payments.service.invoices import issue
from tests.factories.invoices import a_document


class GivenUp(Exception):
    """The transaction that needed the number came to nothing."""


async def invoice(job: dict[str, Any]) -> list[str]:
    """Invoice every order, all at once; those of `given_up` are rolled back after they had their number."""

    async def one(order: str) -> str:
        try:
            async with db.transaction():
                issued = await issue(
                    a_document(), issuer=UUID(job["seller"]), recipient=UUID(job["buyer"]), order_id=UUID(order)
                )
                if order in job["given_up"]:
                    raise GivenUp
        except GivenUp:
            return ""
        return str(issued)

    return list(await asyncio.gather(*(one(order) for order in job["orders"])))
