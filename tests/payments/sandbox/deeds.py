"""What the processes of the sandbox's races do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from marketplace.payments.providers.base import Charge, Repayment, Transfer
from marketplace.payments.providers.sandbox.provider import Sandbox

SANDBOX = Sandbox()


async def create(job: dict[str, Any]) -> list[str]:
    """Create each charge `times` at once. What became of each: its reference, or the refusal."""

    async def one(payment_id: str) -> str:
        try:
            charge = Charge(
                payment_id=UUID(payment_id), amount=Money(job["minor"], "USD"), description="", method=job["method"]
            )
            return (await SANDBOX.create(charge)).reference
        except DomainError as refusal:
            return refusal.code

    return list(await asyncio.gather(*(one(payment_id) for payment_id in job["ids"] for _ in range(job["times"]))))


async def refund(job: dict[str, Any]) -> list[str]:
    """Make each refund of one charge, all at once: its reference, or why not."""

    async def one(refund_id: str) -> str:
        amount = Money(job["minor"], "USD")
        try:
            said = await SANDBOX.refund(
                Repayment(
                    refund_id=UUID(refund_id), payment_id=UUID(job["payment"]), reference="", capture="", amount=amount, charged=amount,
                )
            )  # fmt: skip
        except DomainError as refusal:
            return str(refusal.details.get("reason", refusal.code))
        return said.reference

    return list(await asyncio.gather(*(one(refund_id) for refund_id in job["ids"])))


async def payout(job: dict[str, Any]) -> list[str]:
    async def one() -> str:
        transfer = Transfer(payout_id=UUID(job["id"]), amount=Money(500, "USD"), destination="acct_ok")
        return (await SANDBOX.payout(transfer)).reference

    return list(await asyncio.gather(*(one() for _ in range(job["times"]))))


async def create_and_hang(job: dict[str, Any]) -> None:
    """The answer is there, but nobody will ever hear it."""
    await create({**job, "times": 1})
    await asyncio.sleep(600)
