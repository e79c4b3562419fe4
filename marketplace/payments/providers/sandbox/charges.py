"""Charges: opened, taken, approved by the payer, cancelled."""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marketplace.core import clock, db, timers
from marketplace.core.errors import NotFound
from marketplace.payments.providers.base import Charge, Outcome, ProviderRefused, ProviderUnknown, State, Subject
from marketplace.payments.providers.sandbox import magic, things
from marketplace.payments.providers.sandbox.magic import Course

MOST_DESCRIPTION = 200
OPEN = (State.REQUIRES_METHOD, State.REQUIRES_ACTION)


async def create(charge: Charge) -> Outcome:
    """Open the charge, and take the money where there is a method. Raises ProviderRefused or ProviderUnknown."""
    assert not db.in_transaction()
    things.check_amount(charge.amount)
    _check_return_url(charge.return_url)
    course = magic.charging(charge.method, charge.amount) if charge.method else None
    async with db.transaction():
        if course and course.lost == "request" and await things.lost_now(f"create:{charge.payment_id}"):
            said, lost = None, True
        else:
            made = await _insert(charge)
            row = await things.lock(Subject.CHARGE, charge.payment_id)
            assert row is not None
            things.check_same(row, charge.amount)
            said = things.outcome(Subject.CHARGE, row)
            if made and course:
                said = await _take(row, charge.method, course)
            lost = made and course is not None and course.lost == "reply"
    if said is None or lost:
        raise ProviderUnknown
    return said


async def confirm(charge: Charge, reference: str) -> Outcome:
    """Take the money of an open charge. Raises ProviderRefused or ProviderUnknown."""
    assert not db.in_transaction()
    course = magic.charging(charge.method, charge.amount) if charge.method else None
    async with db.transaction():
        row = await things.lock(Subject.CHARGE, charge.payment_id)
        if row is None or (reference and row["reference"] != reference):
            raise ProviderRefused("The sandbox knows no such charge.", reason="no_such_charge")
        things.check_same(row, charge.amount)
        said, lost = things.outcome(Subject.CHARGE, row), False
        waits = said.state is State.REQUIRES_ACTION and row["method"] == charge.method
        if course and said.state in OPEN and not waits:
            call = f"confirm:{row['reference']}:{charge.method}"
            lost = course.lost == "reply" or (course.lost == "request" and await things.lost_now(call))
            if not (lost and course.lost == "request"):
                said = await _take(row, charge.method, course)
    if lost:
        raise ProviderUnknown
    return said


async def cancel(payment_id: UUID, reference: str) -> Outcome:
    """Close an open charge; one that is past that says how it stands. Raises ProviderRefused where there is none."""
    assert not db.in_transaction()
    async with db.transaction():
        row = await things.lock(Subject.CHARGE, payment_id)
        if row is None or (reference and row["reference"] != reference):
            raise ProviderRefused("The sandbox knows no such charge.", reason="no_such_charge")
        if State(row["state"]) not in OPEN:
            return things.outcome(Subject.CHARGE, row)
        await timers.cancel(things.NEXT, row["reference"])
        return await things.move(Subject.CHARGE, row, State.CANCELLED)


async def shown(reference: str, key: str) -> Mapping[str, Any]:
    """The charge that the payer's page is about. Raises NotFound unless `key` is its secret."""
    row: Mapping[str, Any] | None = await things.find(Subject.CHARGE, None, reference)
    if row is None or not secrets.compare_digest(row["client_secret"].encode(), key.encode()):
        raise NotFound
    return row


async def pay(reference: str, key: str, method: str) -> Outcome:
    """What the payer does on the page: pays an open charge with a method. Raises NotFound or ProviderRefused."""
    row = await shown(reference, key)
    course = magic.charging(method, things.money_of(row))
    async with db.transaction():
        locked = await things.lock(Subject.CHARGE, None, reference)
        assert locked is not None
        if locked["state"] != State.REQUIRES_METHOD:
            return things.outcome(Subject.CHARGE, locked)
        return await _take(locked, method, course)


async def answer(reference: str, key: str, *, approved: bool) -> Outcome:
    """The payer approves or declines what waits for that; otherwise nothing changes. Raises NotFound.

    Declined is final for a QR code, and not for a card: another may be tried.
    """
    await shown(reference, key)
    async with db.transaction():
        row = await things.lock(Subject.CHARGE, None, reference)
        assert row is not None
        if row["state"] != State.REQUIRES_ACTION:
            return things.outcome(Subject.CHARGE, row)
        await timers.cancel(things.NEXT, reference)
        if approved:
            return await things.move(Subject.CHARGE, row, State.SUCCEEDED)
        return await things.move(
            Subject.CHARGE, row, not_approved(row["action_kind"]), failure_code="authentication_failed"
        )


def not_approved(action_kind: str) -> State:
    return State.FAILED if action_kind == "qr" else State.REQUIRES_METHOD


async def _insert(charge: Charge) -> bool:
    """Whether the charge is new."""
    return bool(
        await db.execute(
            "INSERT INTO sandbox_charges (reference, payment, amount_minor, currency, state, method, description, "
            "return_url, client_secret, action_kind, failure_code, created_at, changed_at) "
            "VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, '', '', $9, $9) ON CONFLICT (payment) DO NOTHING",
            things.new_reference(Subject.CHARGE), charge.payment_id, charge.amount.minor, charge.amount.currency,
            State.REQUIRES_METHOD, charge.description[:MOST_DESCRIPTION], charge.return_url,
            secrets.token_urlsafe(32), clock.now(),
        )
    )  # fmt: skip


async def _take(row: Mapping[str, Any], method: str, course: Course) -> Outcome:
    """Try to take the money of a locked, open charge."""
    at_once = course.at_once
    if at_once is State.REQUIRES_ACTION:
        late = not_approved(course.action_kind)
        await things.plan(row["reference"], late, "expired", magic.ACTION_EXPIRES)
    elif course.later is not None:
        await things.plan(row["reference"], course.later, course.failure_code)
    else:
        await timers.cancel(things.NEXT, row["reference"])
    return await things.move(
        Subject.CHARGE, row, at_once, method=method, action_kind=course.action_kind,
        failure_code=course.failure_code if at_once is State.REQUIRES_METHOD else "",
    )  # fmt: skip


def _check_return_url(url: str) -> None:
    """A page of ours by its path, or any by its address: never `javascript:`, and no second meaning."""
    ours = url.startswith("/") and not url.startswith(("//", "/\\"))
    if url and not (ours or url.startswith(("https://", "http://"))):
        raise ProviderRefused("The return address must be a path or an http address.", reason="bad_return_url")
