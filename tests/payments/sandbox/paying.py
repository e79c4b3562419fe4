"""What the tests of the sandbox ask of it, and how its later comes now."""

from typing import Any
from uuid import UUID

from marketplace.core import db, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import Charge, Outcome, Repayment, Subject, Transfer
from marketplace.payments.providers.sandbox.provider import Sandbox
from marketplace.payments.providers.sandbox.things import NEXT

SANDBOX = Sandbox()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def a_charge(method: str = "", minor: int = 2_500, **over: Any) -> Charge:
    values: dict[str, Any] = {
        "payment_id": uuid7(), "amount": usd(minor), "description": "Order ORD-20261120-ABC123", "method": method,
        "return_url": "/orders/1",
    }  # fmt: skip
    return Charge(**(values | over))


async def a_paid_charge(minor: int = 10_000) -> tuple[Charge, Outcome]:
    charge = a_charge("pm_card_ok", minor)
    return charge, await SANDBOX.create(charge)


def a_repayment(charge: Charge, minor: int, refund_id: UUID | None = None) -> Repayment:
    return Repayment(
        refund_id=refund_id or uuid7(), payment_id=charge.payment_id, reference="", capture="", amount=usd(minor),
        charged=charge.amount,
    )  # fmt: skip


def a_transfer(destination: str = "acct_ok", minor: int = 4_000) -> Transfer:
    return Transfer(payout_id=uuid7(), amount=usd(minor), destination=destination)


async def later() -> int:
    """Have everything happen that is planned; how much that was."""
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = $1", NEXT)
    return await timers.run_due()


async def told() -> list[str]:
    """The types of the webhooks so far, in order."""
    return [row["type"] for row in await db.fetch("SELECT type FROM sandbox_events ORDER BY id")]


async def state_of(subject: Subject, our_id: UUID) -> str:
    said = await SANDBOX.fetch(subject, our_id)
    return "nothing" if said is None else said.state.value
