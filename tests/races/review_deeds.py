"""What the processes of the races of reviews do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from marketplace.reviews.service import revealing, writing
from marketplace.reviews.service.changing import take_back
from tests.factories.reviews import review, words


async def write(job: dict[str, Any]) -> list[str]:
    """Review one product as one buyer, so many `times` at once. `written` or the refusal, of each."""

    async def one() -> str:
        try:
            await review(UUID(job["product"]), UUID(job["author"]), job["rating"])
        except DomainError as refusal:
            return refusal.code
        return "written"

    return list(await asyncio.gather(*(one() for _ in range(job["times"]))))


async def write_and_take_back(job: dict[str, Any]) -> int:
    """Write a review and take it back, so many `times`, and write it once more. Returns how many were written."""
    product, author = UUID(job["product"]), UUID(job["author"])
    for _ in range(job["times"]):
        await take_back(await review(product, author, job["rating"]), author)
    await review(product, author, job["rating"])
    return int(job["times"]) + 1


async def speak(job: dict[str, Any]) -> list[str]:
    """One side of many orders reviews the other, all at once; some let the end of the silence come meanwhile."""

    async def one(order: str, author: str) -> str:
        try:
            await writing.review_order(UUID(order), UUID(author), words(job["rating"]))
        except DomainError as refusal:
            return refusal.code
        return "written"

    return list(await asyncio.gather(*(one(order, author) for order, author in job["orders"])))


async def let_silence_end(job: dict[str, Any]) -> int:
    """The clock looks at many orders, so many `times`."""
    for _ in range(job["times"]):
        for order in job["orders"]:
            await revealing.reveal(UUID(order))
    return int(job["times"])
