"""What the processes of the disputes' races do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import tests.factories.orders  # noqa: F401 - registers the kind of goods that is disputed here
from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.disputes.service import deciding, opening, proposing, waiting
from marketplace.disputes.states import Reason
from marketplace.orders.service import completing


async def _said(deed: Callable[[], Awaitable[Any]]) -> str:
    """`done`, or the refusal."""
    try:
        await db.retrying(deed)
    except DomainError as refusal:
        return refusal.code
    return "done"


async def judge(job: dict[str, Any]) -> list[str]:
    """Confirm the receipt of an order, or dispute it, so many times at once."""
    order_id, buyer = UUID(job["order"]), UUID(job["buyer"])

    async def deed() -> None:
        if job["received"]:
            await completing.complete_bought(order_id, buyer)
        else:
            await opening.open_dispute(order_id, buyer, Reason.LATE, "It came much too late for me.", None)

    return list(await asyncio.gather(*(_said(deed) for _ in range(job["times"]))))


async def settle(job: dict[str, Any]) -> list[str]:
    """One moderator, or one side, ends each of the disputes in their own way."""
    return [await _said(partial(_end, job, *map(UUID, dispute))) for dispute in job["disputes"]]


async def _end(job: dict[str, Any], dispute_id: UUID, proposal_id: UUID, seller: UUID) -> None:
    if job["deed"] == "resolve":
        await deciding.resolve(dispute_id, UUID(job["actor"]), job["buyer_amount"], job["seller_amount"], "So be it.")
    elif job["deed"] == "accept":
        await proposing.accept(dispute_id, proposal_id, seller)
    else:
        await waiting.due(dispute_id)
