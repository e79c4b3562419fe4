"""What testers do by hand, as if it had happened at a bank: each leaves an audit row."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core import audit, db
from marketplace.core.errors import NotFound
from marketplace.core.money import Amount, Money, to_minor
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.providers.sandbox import magic, money_out, things, webhooks
from marketplace.payments.providers.sandbox.magic import Course


class SandboxCourse(Struct, frozen=True, kw_only=True):
    """What happens at once, and what later, for which token or ending of an amount's minor units."""

    value: str
    says: str
    at_once: State
    later: State | None
    failure_code: str


class SandboxGuide(Struct, frozen=True, kw_only=True):
    """`amounts` count with `pm_card_ok`, `payouts` with `acct_ok`, by the last four digits of the minor units."""

    delay_seconds: float
    action_expires_seconds: float
    methods: list[SandboxCourse]
    amounts: list[SandboxCourse]
    refunds: list[SandboxCourse]
    destinations: list[SandboxCourse]
    payouts: list[SandboxCourse]


class SandboxEventOut(Struct, frozen=True, kw_only=True):
    """A webhook. `last_status` is what the last try was answered; 0 where nothing was."""

    id: str
    type: str
    created_at: datetime
    attempts: int
    delivered_at: datetime | None
    last_status: int | None
    last_error: str


class SandboxRecord(Struct, frozen=True, kw_only=True):
    """Something in the sandbox's books, and the webhooks that told of it."""

    subject: Subject
    reference: str
    our_id: UUID
    state: State
    amount: str
    currency: str
    capture: str
    failure_code: str
    reason: str
    events: list[SandboxEventOut]


class DisputeCharge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`amount` is what is left of the charge when it is not given."""

    amount: Amount | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z_]+$")] = "fraudulent"


class MoveRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`failure_code` says why, where the state is a failure or a return."""

    state: State
    failure_code: Annotated[str, Meta(max_length=40, pattern="^[a-z_]*$")] = ""


def guide() -> SandboxGuide:
    """What the sandbox does for which token and amount."""
    return SandboxGuide(
        delay_seconds=magic.DELAY.total_seconds(),
        action_expires_seconds=magic.ACTION_EXPIRES.total_seconds(),
        methods=[_course(token, course) for token, course in magic.METHODS.items()],
        amounts=[_course(str(ending), magic.METHODS[token]) for ending, token in magic.AMOUNTS.items()],
        refunds=[_course(str(ending), course) for ending, course in magic.REFUNDS.items()],
        destinations=[_course(name, course) for name, course in magic.DESTINATIONS.items()],
        payouts=[_course(str(ending), magic.DESTINATIONS[name]) for ending, name in magic.PAYOUTS.items()],
    )


def _course(value: str, course: Course) -> SandboxCourse:
    return SandboxCourse(
        value=value, says=course.says, at_once=course.at_once, later=course.later, failure_code=course.failure_code
    )


async def get_records(our_id: UUID) -> list[SandboxRecord]:
    """Everything the sandbox holds of a payment, refund or payout of ours. Raises NotFound."""
    found = [
        await _record(things.outcome(subject, row))
        for subject in Subject
        if (row := await things.find(subject, our_id)) is not None
    ]
    if not found:
        raise NotFound
    return found


async def _record(said: Outcome) -> SandboxRecord:
    rows = await db.fetch(
        "SELECT e.id, e.type, e.created_at, e.attempts, e.delivered_at, d.status AS last_status, "
        "coalesce(d.error, '') AS last_error FROM sandbox_events e LEFT JOIN LATERAL (SELECT status, error "
        "FROM sandbox_deliveries WHERE event = e.id ORDER BY id DESC LIMIT 1) d ON true "
        "WHERE e.reference = $1 ORDER BY e.id",
        said.reference,
    )
    assert said.our_id is not None
    return SandboxRecord(
        subject=said.subject, reference=said.reference, our_id=said.our_id, state=said.state, amount=said.amount.text,
        currency=said.amount.currency, capture=said.capture, failure_code=said.failure_code, reason=said.reason,
        events=[SandboxEventOut(**row) for row in rows],
    )  # fmt: skip


async def dispute(actor: UUID, reference: str, amount: Decimal | None, reason: str) -> SandboxRecord:
    """Have the payer's bank take the money of a charge back. Raises NotFound, ValidationFailed or Conflict."""
    async with db.transaction():
        charge = await things.lock(Subject.CHARGE, None, reference)
        if charge is None:
            raise NotFound
        wanted = None if amount is None else Money(to_minor(amount, charge["currency"]), charge["currency"])
        said = await money_out.open_dispute(reference, wanted, reason)
        await _audited(actor, "sandbox.disputed", said)
        return await _record(said)


async def move(actor: UUID, reference: str, to: State, failure_code: str) -> SandboxRecord:
    """Put a charge, refund, payout or dispute into another state. Raises NotFound or IllegalTransition."""
    async with db.transaction():
        said = await money_out.decide(reference, to, failure_code)
        await _audited(actor, "sandbox.moved", said)
        return await _record(said)


async def deliver_again(event_id: str) -> None:
    """Deliver a webhook once more, whether or not it was taken. Raises NotFound."""
    async with db.transaction():
        if not await db.execute("UPDATE sandbox_events SET delivered_at = NULL WHERE id = $1", event_id):
            raise NotFound
        await webhooks.deliver.defer(event_id=event_id)


async def _audited(actor: UUID, action: str, said: Outcome) -> None:
    await audit.record(
        actor=actor, action=action, object_type=f"sandbox_{said.subject}", object_id=said.reference,
        after={"state": said.state, "amount": said.amount.text, "currency": said.amount.currency},
    )  # fmt: skip
