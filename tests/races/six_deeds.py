"""What the processes that cancel, send and pay the same orders do. Each takes and returns JSON."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import marketplace.wiring  # noqa: F401 - what hears of an order is part of what is done to it
from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.orders.service import cancelling, shipping
from marketplace.payments.providers.base import Subject
from marketplace.payments.service import completing
from tests.payments.sandbox.paying import SANDBOX


async def do(deed: str, order: dict[str, str]) -> str:
    """`cancel` by its buyer, `ship` by its seller, or `pay`: the news that the payer's money has come in. `ok`, or the refusal."""
    order_id = UUID(order["order"])
    deeds: dict[str, Callable[[], Awaitable[Any]]] = {
        "cancel": lambda: cancelling.cancel_own(order_id, UUID(order["buyer"]), "Changed my mind"),
        "ship": lambda: shipping.ship(order_id, UUID(order["seller"]), "DHL", "JD1"),
        "pay": lambda: _came_in(UUID(order["payment"])),
    }
    try:
        await db.retrying(deeds[deed])
    except DomainError as refusal:
        return refusal.code
    return "ok"


async def _came_in(payment_id: UUID) -> None:
    outcome = await SANDBOX.fetch(Subject.CHARGE, payment_id)
    assert outcome is not None, "it was begun"
    await completing.apply(payment_id, outcome, source="webhook")


async def each(job: dict[str, Any]) -> list[str]:
    """To each order, one after the other, what is this process's part of it."""
    return [await do(deed, order) for deed, order in job["deeds"]]
