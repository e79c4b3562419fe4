"""What the processes of the payouts' races do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.schemas.payouts import NewPayoutMethod
from marketplace.payments.service import payout_methods, payouts
from marketplace.payments.states import PayoutSource
from tests.factories.payouts import owe


async def said(deed: Callable[[], Awaitable[Any]], word: str = "done") -> str:
    """The word, or the refusal."""
    try:
        await deed()
    except DomainError as refusal:
        return refusal.code
    return word


async def withdraw(job: dict[str, Any]) -> list[str]:
    """Ask for so much of one account, `times` times, all at once."""
    wanted = payouts.Wanted(
        user_id=UUID(job["user"]), source=PayoutSource(job["source"]), currency="USD", minor=job["minor"]
    )
    return list(await asyncio.gather(*(said(lambda: payouts.request(wanted)) for _ in range(job["times"]))))


async def cancel_or_send(job: dict[str, Any]) -> list[str]:
    """Cancel each payout, or send whatever is due until nothing is."""
    if job["send"]:
        while await payouts.send_due(3):
            pass
        return []
    user = UUID(job["user"])
    return [await said(lambda one=one: payouts.cancel(UUID(one), user)) for one in job["payouts"]]


async def decide(job: dict[str, Any]) -> list[list[str]]:
    """Approve or reject each payout, in this process's own order. [payout, what was said]"""
    staff = UUID(job["staff"])

    async def one(payout: UUID) -> str:
        if job["approve"]:
            return await said(lambda: payouts.approve(payout, staff), "approved")
        return await said(lambda: payouts.reject(payout, staff, "No."), "rejected")

    return [[name, await one(UUID(name))] for name in job["payouts"]]


async def send(job: dict[str, Any]) -> int:
    """Send and ask about what is due, in small batches, several at once. How many were taken."""

    async def some() -> int:
        taken = 0
        while many := await payouts.send_due(job["batch"]):
            taken += many
        return taken

    return sum(await asyncio.gather(*(some() for _ in range(3))))


async def tell(job: dict[str, Any]) -> int:
    """Tell every news of every payout, in this process's own order."""
    news = [(UUID(payout), State(state)) for payout in job["payouts"] for state in job["states"]]
    for payout, state in news[:: job["step"]]:
        minor = await db.fetch_val("SELECT amount_minor FROM payouts WHERE id = $1", payout)
        outcome = Outcome(subject=Subject.PAYOUT, reference=f"po_{payout.hex}", state=state, amount=Money(minor, "USD"))
        await payouts.apply_payout(payout, outcome, source="race")
    return len(news)


async def owe_or_ask(job: dict[str, Any]) -> list[str]:
    """Become a debtor by one more cent, again and again, or ask for payouts meanwhile."""
    user = UUID(job["user"])
    if job["owe"]:
        for _ in range(job["times"]):
            await owe(user, 1)
        return []
    wanted = payouts.Wanted(user_id=user, source=PayoutSource.EARNINGS, currency="USD", minor=200)
    return [await said(lambda: payouts.request(wanted)) for _ in range(job["times"])]


async def add_methods(job: dict[str, Any]) -> list[str]:
    """Add new default methods, all at once."""
    new = NewPayoutMethod(provider="sandbox", destination=f"acct_{uuid7().hex}", is_default=True)
    user = UUID(job["user"])
    return list(await asyncio.gather(*(said(lambda: payout_methods.add(user, new)) for _ in range(job["times"]))))
