"""Refunds, payouts and disputes: money that leaves."""

from collections.abc import Mapping
from typing import Any

from marketplace.core import clock, db, timers
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.money import Money
from marketplace.payments.providers.base import (
    Outcome,
    ProviderRefused,
    ProviderUnknown,
    Repayment,
    State,
    Subject,
    Transfer,
)
from marketplace.payments.providers.sandbox import magic, things
from marketplace.payments.providers.sandbox.magic import Course


async def refund(repayment: Repayment) -> Outcome:
    """Give money back of a charge that succeeded. Raises ProviderRefused (also for more than is left) or ProviderUnknown."""
    assert not db.in_transaction()
    things.check_amount(repayment.amount)
    course = magic.refunding(repayment.amount)
    async with db.transaction():
        if course.lost == "request" and await things.lost_now(f"refund:{repayment.refund_id}"):
            said, made = None, False
        else:
            said, made = await _refund(repayment, course)
    if said is None or (made and course.lost == "reply"):
        raise ProviderUnknown
    return said


async def _refund(repayment: Repayment, course: Course) -> tuple[Outcome, bool]:
    charge = await things.lock(Subject.CHARGE, repayment.payment_id)
    known = await things.find(Subject.REFUND, repayment.refund_id)
    if known is not None:
        things.check_same(known, repayment.amount)
        if charge is None or known["charge"] != charge["reference"]:
            raise ProviderRefused("This id was used for a refund of another charge.", reason="idempotency_conflict")
        return things.outcome(Subject.REFUND, known), False
    if charge is None or charge["state"] != State.SUCCEEDED:
        raise ProviderRefused("There is no such charge that has succeeded.", reason="charge_not_succeeded")
    if charge["currency"] != repayment.amount.currency:
        raise ProviderRefused(f"The charge was made in {charge['currency']}.", reason="currency_mismatch")
    left = await _left_of(charge)
    if repayment.amount.minor > left.minor:
        raise ProviderRefused(f"Of this charge {left} is left to refund.", reason="refund_too_large")
    reference = things.new_reference(Subject.REFUND)
    made = await db.execute(
        "INSERT INTO sandbox_refunds (reference, refund, charge, amount_minor, currency, state, failure_code, "
        "created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (refund) DO NOTHING",
        reference, repayment.refund_id, charge["reference"], repayment.amount.minor, repayment.amount.currency,
        course.at_once, _code_at_once(course), clock.now(),
    )  # fmt: skip
    if not made:  # by another charge's refund, at this moment
        raise ProviderRefused("This id was used for a refund of another charge.", reason="idempotency_conflict")
    return await _begun(Subject.REFUND, reference, course), True


async def _left_of(charge: Mapping[str, Any]) -> Money:
    """What neither a refund nor the payer's bank has taken back of a locked charge."""
    taken = await db.fetch_val(
        "SELECT coalesce((SELECT sum(amount_minor) FROM sandbox_refunds WHERE charge = $1 AND state <> 'failed'), 0) "
        "+ coalesce((SELECT sum(amount_minor) FROM sandbox_disputes WHERE charge = $1 AND state <> 'won'), 0)",
        charge["reference"],
    )
    return Money(charge["amount_minor"] - int(taken), charge["currency"])


async def payout(transfer: Transfer) -> Outcome:
    """Send money out. Raises ProviderRefused or ProviderUnknown."""
    assert not db.in_transaction()
    things.check_amount(transfer.amount)
    course = magic.paying_out(transfer.destination, transfer.amount)
    async with db.transaction():
        if course.lost == "request" and await things.lost_now(f"payout:{transfer.payout_id}"):
            said, made = None, False
        else:
            said, made = await _payout(transfer, course)
    if said is None or (made and course.lost == "reply"):
        raise ProviderUnknown
    return said


async def _payout(transfer: Transfer, course: Course) -> tuple[Outcome, bool]:
    reference = things.new_reference(Subject.PAYOUT)
    made = await db.execute(
        "INSERT INTO sandbox_payouts (reference, payout, amount_minor, currency, state, failure_code, created_at, "
        "changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (payout) DO NOTHING",
        reference, transfer.payout_id, transfer.amount.minor, transfer.amount.currency,
        course.at_once, _code_at_once(course), clock.now(),
    )  # fmt: skip
    if made:
        return await _begun(Subject.PAYOUT, reference, course), True
    known = await things.find(Subject.PAYOUT, transfer.payout_id)
    assert known is not None
    things.check_same(known, transfer.amount)
    return things.outcome(Subject.PAYOUT, known), False


async def open_dispute(reference: str, amount: Money | None = None, reason: str = "fraudulent") -> Outcome:
    """The payer's bank takes back what is left of a charge, or part of that. A charge is disputed once: then it says how
    that stands. Raises NotFound or Conflict.
    """
    async with db.transaction():
        charge = await things.lock(Subject.CHARGE, None, reference)
        if charge is None:
            raise NotFound
        known = await things.find(Subject.DISPUTE, charge["payment"])
        if known is not None:
            return things.outcome(Subject.DISPUTE, known)
        left = await _left_of(charge)
        wanted = amount or left
        if charge["state"] != State.SUCCEEDED or wanted.currency != left.currency or not 0 < wanted.minor <= left.minor:
            raise Conflict("Of this charge there is not as much to take back.", left=left.text, currency=left.currency)
        dispute = things.new_reference(Subject.DISPUTE)
        await db.execute(
            "INSERT INTO sandbox_disputes (reference, charge, amount_minor, currency, state, reason, failure_code, "
            "created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, '', $7, $7)",
            dispute, reference, wanted.minor, wanted.currency, State.OPEN, reason, clock.now(),
        )  # fmt: skip
        return await things.announce(Subject.DISPUTE, dispute)


async def decide(reference: str, to: State, failure_code: str = "") -> Outcome:
    """Move anything by hand, as if it had happened at the bank. Raises NotFound, IllegalTransition, or Conflict where
    something would begin of which nobody knows how it ends.
    """
    async with db.transaction():
        subject = things.subject_of(reference)
        row = None if subject is None else await things.lock(subject, None, reference)
        if subject is None or row is None:
            raise NotFound
        things.MACHINES[subject].check(State(row["state"]), to)
        if to in (State.PROCESSING, State.REQUIRES_ACTION):
            raise Conflict("Nothing begins by hand: pay with a method that does this.")
        await timers.cancel(things.NEXT, reference)
        return await things.move(subject, row, to, failure_code=failure_code)


async def _begun(subject: Subject, reference: str, course: Course) -> Outcome:
    if course.later is not None:
        await things.plan(reference, course.later, course.failure_code)
    return await things.announce(subject, reference)


def _code_at_once(course: Course) -> str:
    return course.failure_code if course.at_once is State.FAILED else ""


@timers.timer(things.NEXT)
async def happen(reference: str, payload: timers.Payload) -> None:
    """What was planned comes to pass, unless something else did meanwhile."""
    subject, to = things.subject_of(reference), State(payload["to"])
    assert subject is not None
    if to is State.OPEN:
        row = await things.lock(Subject.CHARGE, None, reference)
        if row is not None and (await _left_of(row)).minor > 0:
            await open_dispute(reference)
        return
    row = await things.lock(subject, None, reference)
    if row is not None and things.MACHINES[subject].allows(State(row["state"]), to):
        await things.move(subject, row, to, failure_code=payload["failure_code"])
