"""The seven calls, in PayPal's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from msgspec import structs

from marketplace.core.money import Money
from marketplace.payments.providers.base import (
    Charge,
    Notice,
    Outcome,
    ProviderRefused,
    Repayment,
    Reply,
    State,
    Subject,
    Transfer,
)
from marketplace.payments.providers.paypal import objects, webhooks
from marketplace.payments.providers.paypal.client import Client, NotThere, Refused
from marketplace.payments.providers.paypal.objects import Batch, Order, Refund

ORDERS: Final = "/v2/checkout/orders"
PAYOUTS: Final = "/v1/payments/payouts"

NO_MONEY: Final = Money(0, "XXX")

AS_IT_STANDS: Final = frozenset(
    ["ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED", "ORDER_COMPLETED_OR_VOIDED"]
)
"""Refusals to capture after which the order itself is the answer."""

DECLINED: Final = {
    "INSTRUMENT_DECLINED": "card_declined",
    "TRANSACTION_REFUSED": "card_declined",
    "PAYER_CANNOT_PAY": "card_declined",
    "CARD_EXPIRED": "expired_card",
    "INSUFFICIENT_FUNDS": "insufficient_funds",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": "account_closed",
    "PAYER_ACCOUNT_RESTRICTED": "account_closed",
}
"""Refusals to capture that are the payer's bank's, or PayPal's of the payer."""


class PayPal:
    name = "paypal"
    currencies: frozenset[str] | None = objects.CURRENCIES
    pays_out = True

    def __init__(self, client_id: str, secret: str, webhook_id: str, base: str) -> None:
        self._paypal = Client(client_id, secret, base)
        self._webhook_id = webhook_id

    async def create(self, charge: Charge) -> Outcome:
        ours = str(charge.payment_id)
        unit: dict[str, Any] = {
            "custom_id": ours,
            "invoice_id": ours,  # PayPal refuses to take money twice for one
            "amount": objects.amount(charge.amount),
        }
        if charge.description:
            unit["description"] = charge.description[:127]
        body: dict[str, Any] = {"intent": "CAPTURE", "purchase_units": [unit]}
        if charge.return_url:
            context = {"user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"}
            context |= {"return_url": charge.return_url, "cancel_url": charge.return_url}
            body["payment_source"] = {"paypal": {"experience_context": context}}
        return objects.of_order(await self._paypal.post(Order, ORDERS, body, request_id=ours), charge.amount)

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        """Capture. No request id is sent: an order is captured once, and after a refused card it is another try."""
        reference = reference or (await self.create(charge)).reference
        try:
            order = await self._paypal.post(Order, f"{ORDERS}/{_path(reference)}/capture", {})
        except Refused as refusal:
            if refusal.issue in AS_IT_STANDS and (found := await self._order(reference)):
                return objects.of_order(found, charge.amount)
            if refusal.issue in DECLINED and (found := await self._order(reference)):
                return _declined(objects.of_order(found, charge.amount), refusal)
            raise
        return objects.of_order(order, charge.amount)

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        """PayPal has no such call: an order that nobody captures ends by itself, and this says that we will not."""
        if not reference:
            raise ProviderRefused(reason="PayPal cannot be asked for an order by our id.")
        found = await self.fetch(Subject.CHARGE, payment_id, reference)
        if found is None:  # it ended some hours after nobody had captured it, and took its amount along
            return Outcome(
                subject=Subject.CHARGE, reference=reference, state=State.CANCELLED, amount=NO_MONEY, our_id=payment_id
            )
        if found.state is not State.REQUIRES_ACTION:
            return found
        return structs.replace(found, state=State.CANCELLED, action_url="", action_kind="")

    async def refund(self, repayment: Repayment) -> Outcome:
        ours = str(repayment.refund_id)
        body: dict[str, Any] = {"amount": objects.amount(repayment.amount), "custom_id": ours, "invoice_id": ours}
        if repayment.reason:
            body["note_to_payer"] = repayment.reason[:255]
        capture = repayment.capture or await self._capture(repayment)
        path = f"/v2/payments/captures/{_path(capture)}/refund"
        refund = objects.of_refund(await self._paypal.post(Refund, path, body, request_id=ours))
        return structs.replace(refund, our_id=repayment.refund_id, capture=capture)

    async def _capture(self, repayment: Repayment) -> str:
        charge = await self.fetch(Subject.CHARGE, repayment.payment_id, repayment.reference)
        if charge is None or not charge.capture:
            raise ProviderRefused(reason="PayPal has captured nothing of that order.")
        return charge.capture

    async def payout(self, transfer: Transfer) -> Outcome:
        """A batch of one: the batch's id may be used once, and a second try names the first."""
        ours = str(transfer.payout_id)
        item: dict[str, Any] = {
            "recipient_type": _recipient(transfer.destination),
            "receiver": transfer.destination,
            "amount": {"value": objects.text(transfer.amount), "currency": transfer.amount.currency},
            "sender_item_id": ours,
        }
        if transfer.description:
            item["note"] = transfer.description
        body = {"sender_batch_header": {"sender_batch_id": ours}, "items": [item]}
        try:
            batch = await self._paypal.post(Batch, PAYOUTS, body, request_id=ours)
        except Refused as refusal:
            for link in refusal.links:
                if (first := _batch_id(link.href)) and (
                    found := await self.fetch(Subject.PAYOUT, transfer.payout_id, first)
                ):
                    return found
            raise
        if batch.items:
            return objects.of_item(batch.items[0], batch.batch_header.payout_batch_id)
        return Outcome(
            subject=Subject.PAYOUT, reference=batch.batch_header.payout_batch_id, state=State.PROCESSING,
            amount=transfer.amount, our_id=transfer.payout_id,
        )  # fmt: skip

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        await webhooks.verify(headers, body, self._webhook_id, self._paypal.base, now)
        return [webhooks.notice(body)]

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        """See this package for what PayPal can find. `reference` of a refund may be its charge's."""
        if not reference:
            return None
        if subject is Subject.CHARGE:
            order = await self._order(reference)
            return objects.of_order(order) if order else None
        try:
            match subject:
                case Subject.PAYOUT:
                    batch = await self._paypal.get(Batch, f"{PAYOUTS}/{_path(reference)}")
                    return _sent(batch, our_id)
                case Subject.REFUND:
                    return await self._refund(our_id, reference)
                case Subject.DISPUTE:
                    path = f"/v1/customer/disputes/{_path(reference)}"
                    return objects.of_dispute(await self._paypal.get(objects.Dispute, path))
        except NotThere:
            return None

    async def _order(self, reference: str) -> Order | None:
        try:
            return await self._paypal.get(Order, f"{ORDERS}/{_path(reference)}")
        except NotThere:
            return None

    async def _refund(self, our_id: UUID, reference: str) -> Outcome | None:
        if order := await self._order(reference):
            refunds = [refund for unit in order.purchase_units for refund in unit.payments.refunds]
            found = (objects.of_refund(refund) for refund in refunds)
            return next((outcome for outcome in found if outcome.our_id == our_id), None)
        return objects.of_refund(await self._paypal.get(Refund, f"/v2/payments/refunds/{_path(reference)}"))

    def reply(self) -> Reply:
        return Reply()


def _declined(standing: Outcome, refusal: Refused) -> Outcome:
    """The payer may go back to PayPal's page, and choose another way to pay."""
    if standing.state is not State.REQUIRES_ACTION:
        return standing
    page = next((link.href for link in refusal.links if link.rel in ("redirect", "payer-action")), standing.action_url)
    return structs.replace(
        standing, state=State.REQUIRES_METHOD, action_url=page, action_kind="redirect" if page else "",
        failure_code=DECLINED[refusal.issue], failure_message=str(refusal.details["reason"]),
    )  # fmt: skip


def _sent(batch: Batch, our_id: UUID) -> Outcome | None:
    for item in batch.items:
        outcome = objects.of_item(item, batch.batch_header.payout_batch_id)
        if outcome.our_id == our_id:
            return outcome
    return None


def _recipient(destination: str) -> str:
    return "EMAIL" if "@" in destination else "PHONE" if destination.startswith("+") else "PAYPAL_ID"


def _batch_id(link: str) -> str:
    """Of a batch, in the address that PayPal names it by."""
    return link.partition(f"{PAYOUTS}/")[2].partition("?")[0].strip("/")


def _path(reference: str) -> str:
    return quote(reference, safe="")
