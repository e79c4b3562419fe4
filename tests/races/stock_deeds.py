"""What the processes of the stock's races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.shop.errors import StockUnavailable
from marketplace.shop.service import stock


async def reserve(job: dict[str, Any]) -> list[str]:
    """For each order, at once: `ok`, or what was refused, or the error that should not be."""

    async def one(order: str, wanted: list[tuple[str, int]]) -> str:
        try:
            await stock.reserve(UUID(order), {UUID(variant): quantity for variant, quantity in wanted})
        except StockUnavailable as refused:
            return f"{refused.details['requested']} of {refused.details['available']}"
        except Exception as error:
            return repr(error)
        return "ok"

    return list(await asyncio.gather(*(one(order, wanted) for order, wanted in job["orders"])))


async def give_back(job: dict[str, Any]) -> list[int]:
    """Every order is released, and shipped, by everybody at once: how many pieces each took."""

    async def one(order: str, ships: bool) -> int:
        return sum((await (stock.ship if ships else stock.release)(UUID(order))).values())

    return list(await asyncio.gather(*(one(order, ships) for order in job["orders"] for ships in (False, True))))
