"""The seven calls, in Stripe's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from marketplace.core.money import Money
from marketplace.payments.providers.base import (
    Charge,
    Notice,
    NotSupported,
    Outcome,
    ProviderRefused,
    ProviderUnknown,
    Repayment,
    Reply,
    State,
    Subject,
    Transfer,
)
from marketplace.payments.providers.stripe import objects, webhooks
from marketplace.payments.providers.stripe.client import AskedBefore, Declined, ask
from marketplace.payments.providers.stripe.objects import Intent, Payout, Refund
from marketplace.payments.providers.stripe.objects import Transfer as StripeTransfer
from marketplace.payments.providers.stripe.records import Books

LONGEST_METADATA: Final = 500


class Stripe(Books):
    name = "stripe"
    currencies: frozenset[str] | None = None
    pays_out = True

    def __init__(self, key: str, base: str, webhook_secrets: Sequence[str]) -> None:
        super().__init__(key, base)
        self._secrets = webhook_secrets

    async def create(self, charge: Charge) -> Outcome:
        params: dict[str, Any] = {
            **_amount(charge.amount),
            "metadata": _metadata({**charge.metadata, "payment_id": str(charge.payment_id)}),
        }
        extras: dict[str, Any] = {"description": charge.description} if charge.description else {}
        if charge.payer_email:
            extras["receipt_email"] = charge.payer_email
        if not charge.return_url:  # nowhere to come back to, so no method that leads away
            extras["automatic_payment_methods"] = {"enabled": True, "allow_redirects": "never"}
        if charge.method:
            params |= _paid_with(charge.method) | {"confirm": True}
            extras |= {"return_url": charge.return_url} if charge.return_url else {}
        try:
            call = self._stripe.v1.payment_intents.create_async
            intent = await ask(Intent, call, params, extras=extras, key=str(charge.payment_id))
        except (Declined, AskedBefore) as error:
            return await self._after(error, charge.payment_id)
        return objects.of_intent(intent)

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        """No key is sent: an intent succeeds once, however often it is confirmed, and another card is another try."""
        if not (reference := reference or await self._reference(charge.payment_id)):
            return await self.create(charge)
        intents = self._stripe.v1.payment_intents
        extras = {"return_url": charge.return_url} if charge.return_url else {}
        try:
            if charge.method:
                await ask(Intent, partial(intents.update_async, reference), _paid_with(charge.method))
            intent = await ask(Intent, partial(intents.confirm_async, reference), {}, extras=extras)
        except Declined as error:
            return await self._after(error, charge.payment_id, reference)
        except ProviderRefused as refusal:
            return await self._as_it_stands(refusal, charge.payment_id, reference)
        return objects.of_intent(intent)

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        if not (reference := reference or await self._reference(payment_id)):
            raise ProviderRefused(reason="Stripe knows of no such payment.")
        try:
            intent = await ask(Intent, partial(self._stripe.v1.payment_intents.cancel_async, reference), {})
        except ProviderRefused as refusal:
            return await self._as_it_stands(refusal, payment_id, reference)
        return objects.of_intent(intent)

    async def _reference(self, payment_id: UUID) -> str:
        """Of a charge whose opening was never answered."""
        found = await self.fetch(Subject.CHARGE, payment_id)
        return found.reference if found else ""

    async def _after(self, error: Declined | AskedBefore, payment_id: UUID, reference: str = "") -> Outcome:
        """The charge as it stands after a refused card: the error has the intent in it, as a rule."""
        if isinstance(error, Declined) and error.error.payment_intent:
            return objects.of_intent(error.error.payment_intent)
        if found := await self.fetch(Subject.CHARGE, payment_id, reference):
            return found
        raise ProviderUnknown

    async def _as_it_stands(self, refusal: ProviderRefused, payment_id: UUID, reference: str) -> Outcome:
        """What was asked may have happened before: then that is the answer, and the refusal if it still waits."""
        found = await self.fetch(Subject.CHARGE, payment_id, reference)
        if found is None or found.state in (State.REQUIRES_METHOD, State.REQUIRES_ACTION):
            raise refusal
        return found

    async def refund(self, repayment: Repayment) -> Outcome:
        ids = {"refund_id": str(repayment.refund_id), "payment_id": str(repayment.payment_id)}
        params = {
            "payment_intent": repayment.reference or await self._reference(repayment.payment_id),
            "amount": objects.amount(repayment.amount),
            "metadata": _metadata({**ids, "reason": repayment.reason}),
        }
        try:
            refund = await ask(Refund, self._stripe.v1.refunds.create_async, params, key=ids["refund_id"])
        except AskedBefore:
            return await self._found(Subject.REFUND, repayment.refund_id)
        return objects.of_refund(refund)

    async def payout(self, transfer: Transfer) -> Outcome:
        ours = str(transfer.payout_id)
        params: dict[str, Any] = {**_amount(transfer.amount), "metadata": _metadata({"payout_id": ours})}
        params |= {"destination": transfer.destination}
        if transfer.description:
            params["description"] = transfer.description
        v1 = self._stripe.v1
        try:
            if transfer.destination.startswith("acct_"):
                params["transfer_group"] = ours  # by which it is found again
                return objects.of_transfer(await ask(StripeTransfer, v1.transfers.create_async, params, key=ours))
            if transfer.destination.startswith(("ba_", "card_")):
                return objects.of_payout(await ask(Payout, v1.payouts.create_async, params, key=ours))
        except AskedBefore:
            return await self._found(Subject.PAYOUT, transfer.payout_id)
        raise NotSupported("Stripe pays out to a connected account (acct_...), or to an account of its own (ba_...).")

    async def _found(self, subject: Subject, our_id: UUID) -> Outcome:
        if found := await self.fetch(subject, our_id):
            return found
        raise ProviderUnknown

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        webhooks.verify(headers, body, self._secrets, now)
        return webhooks.notices(body)

    def reply(self) -> Reply:
        return Reply()


def _paid_with(method: str) -> dict[str, Any]:
    """`pm_...`, good once, or `cus_.../pm_...`: what a customer keeps at Stripe, and which can be charged again and again."""
    customer, _, kept = method.rpartition("/")
    return {"customer": customer, "payment_method": kept} if customer else {"payment_method": method}


def _amount(money: Money) -> dict[str, Any]:
    return {"amount": objects.amount(money), "currency": money.currency.lower()}


def _metadata(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:LONGEST_METADATA] for name, value in values.items() if value}
