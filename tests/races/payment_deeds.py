"""What the processes of the payments' races do. Each takes and returns JSON."""

import asyncio
import random
from typing import Any
from uuid import UUID

from marketplace.core import jobs, outbox
from marketplace.core.errors import DomainError
from marketplace.payments.providers.base import ProviderUnknown
from marketplace.payments.service import paying, webhooks
from tests.factories.payments import PURPOSE, a_refund, get_stall
from tests.payments.hooks import bodies, signed

AT_ONCE = 4


async def take_webhooks(job: dict[str, Any]) -> int:
    """Every event of the sandbox, shuffled, several at once; this process works on what all have taken, too."""
    waiting = await bodies()
    random.Random(job["seed"]).shuffle(waiting)
    outbox.use_job_pusher(jobs.run_inline)
    for start in range(0, len(waiting), AT_ONCE * 10):
        some = waiting[start : start + AT_ONCE * 10]
        await asyncio.gather(*(_take(some[i::AT_ONCE]) for i in range(AT_ONCE)), outbox.push_jobs())
    return len(waiting)


async def _take(some: list[bytes]) -> None:
    for body in some:
        await webhooks.receive("sandbox", signed(body), body)


async def pay(job: dict[str, Any]) -> list[str]:
    """Pay for a stall in every way there is, all at once. What became of each try: a status' word or a refusal."""
    stall = await get_stall(UUID(job["stall"]))

    async def one(way: str) -> str:
        try:
            if way == "wallet":
                await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
            elif way == "card":
                await paying.start(stall.payer, PURPOSE, stall.id, "sandbox", method="pm_card_ok")
            else:
                await paying.confirm(UUID(way), stall.payer, "pm_card_ok")
        except (DomainError, ProviderUnknown) as refusal:
            return refusal.code
        return "paid"

    return list(await asyncio.gather(*(one(way) for way in job["ways"])))


async def refund(job: dict[str, Any]) -> list[str]:
    """Refund so much of a payment, so many times, all at once."""

    async def one() -> str:
        try:
            await a_refund(UUID(job["payment"]), job["minor"])
        except DomainError as refusal:
            return refusal.code
        return "refunded"

    return list(await asyncio.gather(*(one() for _ in range(job["times"]))))
