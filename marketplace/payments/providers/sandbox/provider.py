"""The sandbox as a `Provider`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketplace.core import db
from marketplace.payments.providers.base import (
    Charge,
    Notice,
    Outcome,
    Repayment,
    Reply,
    Subject,
    Transfer,
)
from marketplace.payments.providers.sandbox import charges, money_out, things, webhooks


class Sandbox:
    """Moves no money and forgets nothing: its books are tables beside ours, written in transactions of their own."""

    name = "sandbox"
    currencies: frozenset[str] | None = None
    pays_out = True

    async def create(self, charge: Charge) -> Outcome:
        return await charges.create(charge)

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        return await charges.confirm(charge, reference)

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        return await charges.cancel(payment_id, reference)

    async def refund(self, repayment: Repayment) -> Outcome:
        return await money_out.refund(repayment)

    async def payout(self, transfer: Transfer) -> Outcome:
        return await money_out.payout(transfer)

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        return [webhooks.verify(headers, body, now)]

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        """A dispute's `our_id` is that of the payment."""
        assert not db.in_transaction()
        row = await things.find(subject, our_id, reference)
        return None if row is None else things.outcome(subject, row)

    def reply(self) -> Reply:
        return Reply()

    def records(self, since: datetime, until: datetime) -> AsyncIterator[Outcome]:
        """From `since` (included) to `until` (not included)."""
        return things.changed(since, until)
