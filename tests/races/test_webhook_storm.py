"""GOALS, faults: webhooks five times over, shuffled, late: the same end, however many processes take them."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.payments.providers.base import State
from marketplace.payments.providers.sandbox import charges, money_out
from marketplace.payments.service import recovery, webhooks
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.payments import (
    Stall,
    a_payment,
    a_refund,
    a_stall,
    close_stall,
    kept_by,
    standing,
    work_off,
)
from tests.payments.hooks import bodies, stored
from tests.payments.sandbox.paying import later
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.payment_deeds"
PROCESSES = 5

Course = tuple[Stall, UUID]


async def slow(stall: Stall) -> UUID:
    return await a_payment(stall, "pm_card_slow")


async def too_late(stall: Stall) -> UUID:
    payment_id = await a_payment(stall, "pm_card_slow")
    await close_stall(stall)
    return payment_id


async def approved(stall: Stall) -> UUID:
    payment_id = await a_payment(stall, "pm_card_3ds")
    row = await db.fetch_row("SELECT reference, client_secret FROM payments WHERE id = $1", payment_id)
    assert row is not None
    await charges.answer(row["reference"], row["client_secret"], approved=True)
    return payment_id


async def declined(stall: Stall) -> UUID:
    return await a_payment(stall, "pm_card_slow_decline")


def refunding(minor: int) -> Callable[[Stall], Awaitable[UUID]]:
    async def refunded(stall: Stall) -> UUID:
        payment_id = await a_payment(stall)
        await a_refund(payment_id, minor)
        return payment_id

    return refunded


def disputing(end: State) -> Callable[[Stall], Awaitable[UUID]]:
    async def disputed(stall: Stall) -> UUID:
        payment_id = await a_payment(stall)
        charge = await db.fetch_val("SELECT reference FROM sandbox_charges WHERE payment = $1", payment_id)
        dispute = await money_out.open_dispute(charge, Money(1_000, "USD"))
        await money_out.decide(dispute.reference, end)
        return payment_id

    return disputed


PAID, IN_VAIN, FAILED = ("succeeded", False), ("succeeded", True), ("failed", False)
COURSES = [
    # what happens, how often, the end, and what the stall keeps of 200.00
    (slow, 120, PAID, 20_000),
    (too_late, 40, IN_VAIN, 0),
    (approved, 80, PAID, 20_000),
    (declined, 40, FAILED, 0),
    (refunding(7723), 60, PAID, 20_000 - 7723),
    (refunding(7722), 30, PAID, 20_000),
    (refunding(7724), 30, PAID, 20_000),
    (disputing(State.WON), 40, PAID, 20_000),
    (disputing(State.LOST), 40, PAID, 19_000),
]


async def test_a_thousand_webhooks_five_times_over_come_to_the_same_end():
    payer = (await a_user()).id
    courses: list[list[Course]] = []
    for begin, many, *_ in COURSES:
        stalls = [await a_stall(payer, 20_000) for _ in range(many)]
        courses.append([(stall, await unasked(begin(stall))) for stall in stalls])
    await work_off()
    await later()
    assert len(await bodies()) >= 1_000
    # What the sandbox knows, we do not yet: only its webhooks tell.
    assert await standing(courses[0][0][1]) == ("processing", False)

    jobs = [{"seed": seed} for seed in range(PROCESSES)]
    taken = await run_together(f"{DEEDS}:take_webhooks", *jobs)
    assert sum(taken) == PROCESSES * len(await bodies())
    await settle()

    assert {row["status"] for row in await stored()} == {"processed"}
    for (_, _, end, kept), made in zip(COURSES, courses, strict=True):
        assert {await standing(payment_id) for _, payment_id in made} == {end}
        assert {await kept_by(stall) for stall, _ in made} == {kept}
    await hold_invariants()


async def unasked(begun: Awaitable[UUID]) -> UUID:
    """A payment that we do not ask about, however long this takes: only webhooks are to tell."""
    payment_id = await begun
    await db.execute(
        "UPDATE timers SET due_at = due_at + interval '1 hour' WHERE kind = $1 "
        "AND due_at BETWEEN now() AND now() + interval '10 minutes'",
        recovery.TIMER,
    )
    return payment_id


async def settle() -> None:
    """Have the jobs that are left over run, and those that came before what they are about."""
    for _ in range(webhooks.TRIES):
        await db.execute("UPDATE outbox SET due_at = now() WHERE due_at > now()")
        await db.execute("UPDATE timers SET due_at = now() WHERE kind = $1", webhooks.TIMER)
        await work_off()
        if not any(row["status"] == "received" for row in await stored()):
            return
