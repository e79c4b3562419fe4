"""What the processes of the orders' races do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import tests.factories.orders  # noqa: F401 - registers the kind of goods that is sold here
from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, completing, freezing, refunding
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.service import paying
from tests.factories.payouts import a_payout


async def _said(deed: Callable[[], Awaitable[Any]]) -> str:
    """`done`, or the refusal."""
    try:
        await db.retrying(deed)
    except DomainError as refusal:
        return refusal.code
    return "done"


async def refund(job: dict[str, Any]) -> list[str]:
    """Refund `minor` of one order, `times` times at once."""
    order_id, amount = UUID(job["order"]), Money(job["minor"], "USD")
    return list(
        await asyncio.gather(
            *(_said(lambda: refunding.refund(order_id, amount, None, "race")) for _ in range(job["times"]))
        )
    )


async def take_out(job: dict[str, Any]) -> list[str]:
    """Pay `minor` of what a seller has out, `times` times, one after the other."""
    seller = UUID(job["seller"])
    return [await _said(lambda: a_payout(seller, job["minor"])) for _ in range(job["times"])]


async def refund_or_take_out(job: dict[str, Any]) -> list[str]:
    return await (refund(job) if "order" in job else take_out(job))


async def judge(job: dict[str, Any]) -> list[list[str]]:
    """Of each order say `times` times at once that it has been received, or that it has not."""

    async def one(order_id: UUID) -> list[str]:
        def deed() -> Awaitable[Any]:
            if job["received"]:
                return completing.complete(order_id, None, "received")
            return freezing.freeze(order_id, "staff", None, "It never came.")

        return list(await asyncio.gather(*(_said(deed) for _ in range(job["times"]))))

    return [await one(UUID(order_id)) for order_id in job["orders"]]


async def end(job: dict[str, Any]) -> list[str]:
    """To each checkout's one order do what `deed` says: pay it from the wallet, cancel it, freeze it, or
    find that its time is over.
    """

    async def one(checkout: str, order: str, buyer: str) -> str:
        deeds: dict[str, Callable[[], Awaitable[Any]]] = {
            "pay": lambda: paying.pay_from_wallet(UUID(buyer), PURPOSE, UUID(checkout)),
            "cancel": lambda: cancelling.cancel(UUID(order), CancelledBy.BUYER, UUID(buyer), "race"),
            "expire": lambda: cancelling.expire(UUID(order)),
            "freeze": lambda: freezing.freeze(UUID(order), "staff", None, "race"),
        }
        return await _said(deeds[job["deed"]])

    return list(await asyncio.gather(*(one(*which) for which in job["orders"])))
