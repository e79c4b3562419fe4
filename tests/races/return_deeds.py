"""What the processes of the races about returns do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.shop.service import returns
from tests.factories.returns import a_return


async def _said(deed: Awaitable[Any]) -> str:
    try:
        await deed
    except DomainError as refused:
        return refused.code
    except Exception as error:
        return repr(error)
    return "ok"


async def request(job: dict[str, Any]) -> list[str]:
    """Ask so many times at once to send one of an order's first line back."""
    return list(await asyncio.gather(*(_said(a_return(UUID(job["order"]))) for _ in range(job["times"]))))


async def end(job: dict[str, Any]) -> list[str]:
    """So many times at once: receive it, and cancel it."""
    one = UUID(job["return"])
    row = await db.fetch_row("SELECT buyer, seller FROM order_returns WHERE id = $1", one)
    assert row is not None
    deeds = [
        deed
        for _ in range(job["times"])
        for deed in (returns.receive(one, row["seller"], restock=True), returns.cancel(one, row["buyer"]))
    ]
    return list(await asyncio.gather(*(_said(deed) for deed in deeds)))
