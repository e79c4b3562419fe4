"""Charges, refunds, payouts and disputes as rows: how they are read, told of and moved from state to state."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from marketplace.core import clock, db, timers
from marketplace.core.config import settings
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.states import Machine
from marketplace.payments.providers.base import Outcome, ProviderRefused, State, Subject
from marketplace.payments.providers.sandbox import magic, webhooks

NEXT: Final = "payments.sandbox.next"
"""The timers of what happens later, one for each thing at most, keyed by its reference."""
PAGE: Final = 500

PREFIXES: Final[Mapping[Subject, str]] = {
    Subject.CHARGE: "sbx_ch_", Subject.REFUND: "sbx_re_", Subject.PAYOUT: "sbx_po_", Subject.DISPUTE: "sbx_dp_",
}  # fmt: skip
TABLES: Final[Mapping[Subject, str]] = {
    Subject.CHARGE: "sandbox_charges", Subject.REFUND: "sandbox_refunds", Subject.PAYOUT: "sandbox_payouts",
    Subject.DISPUTE: "sandbox_disputes",
}  # fmt: skip
ROWS: Final[Mapping[Subject, str]] = {
    Subject.CHARGE: "SELECT x.*, x.payment AS our_id, '' AS reason, "
    "CASE WHEN x.state = 'succeeded' THEN x.reference ELSE '' END AS capture FROM sandbox_charges x",
    Subject.REFUND: "SELECT x.*, x.refund AS our_id, '' AS reason, x.charge AS capture FROM sandbox_refunds x",
    Subject.PAYOUT: "SELECT x.*, x.payout AS our_id, '' AS reason, '' AS capture FROM sandbox_payouts x",
    Subject.DISPUTE: "SELECT x.*, c.payment AS our_id, x.charge AS capture "
    "FROM sandbox_disputes x JOIN sandbox_charges c ON c.reference = x.charge",
}
"""A dispute's `our_id` is that of the payment."""
OURS: Final[Mapping[Subject, str]] = {
    Subject.CHARGE: "x.payment", Subject.REFUND: "x.refund", Subject.PAYOUT: "x.payout", Subject.DISPUTE: "c.payment",
}  # fmt: skip

S = State
TRYING: Final = frozenset({S.REQUIRES_METHOD, S.REQUIRES_ACTION, S.PROCESSING, S.SUCCEEDED, S.CANCELLED})
NOTHING: Final[frozenset[State]] = frozenset()
MACHINES: Final[Mapping[Subject, Machine[State]]] = {
    Subject.CHARGE: Machine({
        S.REQUIRES_METHOD: TRYING, S.REQUIRES_ACTION: TRYING | {S.FAILED}, S.PROCESSING: frozenset({S.SUCCEEDED, S.FAILED}),
        S.SUCCEEDED: NOTHING, S.FAILED: NOTHING, S.CANCELLED: NOTHING,
    }),
    Subject.REFUND: Machine({
        S.PROCESSING: frozenset({S.SUCCEEDED, S.FAILED}), S.SUCCEEDED: frozenset({S.FAILED}), S.FAILED: NOTHING,
    }),
    Subject.PAYOUT: Machine({
        S.PROCESSING: frozenset({S.SUCCEEDED, S.FAILED}), S.SUCCEEDED: frozenset({S.RETURNED}), S.FAILED: NOTHING,
        S.RETURNED: NOTHING,
    }),
    Subject.DISPUTE: Machine({S.OPEN: frozenset({S.WON, S.LOST}), S.WON: NOTHING, S.LOST: NOTHING}),
}  # fmt: skip


def new_reference(subject: Subject) -> str:
    return PREFIXES[subject] + uuid7().hex


def subject_of(reference: str) -> Subject | None:
    """What a reference of the sandbox's names."""
    return next((subject for subject, prefix in PREFIXES.items() if reference.startswith(prefix)), None)


async def find(subject: Subject, our_id: UUID | None, reference: str = "") -> asyncpg.Record | None:
    """The row, by the sandbox's id where there is one, else by ours."""
    if reference:
        return await db.fetch_row(f"{ROWS[subject]} WHERE x.reference = $1", reference)
    return await db.fetch_row(f"{ROWS[subject]} WHERE {OURS[subject]} = $1", our_id)


async def lock(subject: Subject, our_id: UUID | None, reference: str = "") -> asyncpg.Record | None:
    """The same, locked for the transaction."""
    where = "x.reference = $1" if reference else f"{OURS[subject]} = $1"
    return await db.fetch_row(f"{ROWS[subject]} WHERE {where} FOR UPDATE OF x", reference or our_id)


async def changed(since: datetime, until: datetime) -> AsyncIterator[Outcome]:
    """Everything that changed in that time, each subject by itself, oldest change first."""
    for subject in Subject:
        after, last = since, ""
        while True:
            rows = await db.fetch(
                f"{ROWS[subject]} WHERE (x.changed_at, x.reference) > ($1, $2) AND x.changed_at < $3 "
                f"ORDER BY x.changed_at, x.reference LIMIT {PAGE}",
                after, last, until,
            )  # fmt: skip
            for row in rows:
                yield outcome(subject, row)
            if len(rows) < PAGE:
                break
            after, last = rows[-1]["changed_at"], rows[-1]["reference"]


def outcome(subject: Subject, row: Mapping[str, Any]) -> Outcome:
    """What the sandbox says of a row."""
    said = Outcome(
        subject=subject, reference=row["reference"], state=State(row["state"]), amount=money_of(row),
        our_id=row["our_id"], capture=row["capture"], failure_code=row["failure_code"],
        failure_message=magic.MESSAGES.get(row["failure_code"], ""), reason=row["reason"],
    )  # fmt: skip
    if subject is not Subject.CHARGE or said.state not in (State.REQUIRES_METHOD, State.REQUIRES_ACTION):
        return said
    return _with_page(said, row["client_secret"], row["action_kind"] or "redirect")


def _with_page(said: Outcome, secret: str, kind: str) -> Outcome:
    url = f"{settings().public_url}/sandbox/pay/{said.reference}?key={secret}"
    return replace(said, client_secret=secret, action_url=url, action_kind=kind)


def money_of(row: Mapping[str, Any]) -> Money:
    return Money(row["amount_minor"], row["currency"])


def check_same(row: Mapping[str, Any], amount: Money) -> None:
    """The same id is the same thing. Raises ProviderRefused."""
    if money_of(row) != amount:
        raise ProviderRefused(
            f"This id was used for {money_of(row)} before, not for {amount}.", reason="idempotency_conflict"
        )


def check_amount(amount: Money) -> None:
    if amount.minor <= 0:
        raise ProviderRefused("The amount must be more than nothing.", reason="amount_too_small")


async def lost_now(call: str) -> bool:
    """Whether a call that is to be lost once has not been lost before; it is now."""
    return bool(
        await db.execute(
            "INSERT INTO sandbox_lost_calls (call, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", call, clock.now()
        )
    )


async def move(
    subject: Subject, row: Mapping[str, Any], to: State, *, failure_code: str = "", method: str | None = None,
    action_kind: str | None = None,
) -> Outcome:  # fmt: skip
    """Put a locked thing into a state, and tell of it. Raises IllegalTransition."""
    MACHINES[subject].check(State(row["state"]), to)
    reference, now = row["reference"], clock.now()
    if subject is Subject.CHARGE:
        await db.execute(
            "UPDATE sandbox_charges SET state = $2, failure_code = $3, changed_at = $4, "
            "method = coalesce($5, method), action_kind = coalesce($6, action_kind) WHERE reference = $1",
            reference, to, failure_code, now, method, action_kind,
        )  # fmt: skip
    else:
        await db.execute(
            f"UPDATE {TABLES[subject]} SET state = $2, failure_code = $3, changed_at = $4 WHERE reference = $1",  # noqa: S608 - our own names
            reference, to, failure_code, now,
        )  # fmt: skip
    return await announce(subject, reference)


async def announce(subject: Subject, reference: str) -> Outcome:
    """Tell by a webhook how it stands with a thing."""
    row = await find(subject, None, reference)
    assert row is not None
    said = outcome(subject, row)
    await webhooks.tell(said)
    return said


async def plan(reference: str, to: State, failure_code: str = "", delay: timedelta = magic.DELAY) -> None:
    """Have the thing become `to` later, if it still can then."""
    await timers.schedule(NEXT, reference, clock.now() + delay, {"to": to, "failure_code": failure_code})
