"""PayPal's objects, as much of them as we read, and how they become ours. The same from its API and in its webhooks."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from marketplace.core.money import Money, exponent
from marketplace.payments.providers.base import Outcome, ProviderRefused, State, Subject
from marketplace.payments.providers.paypal.client import Link

CURRENCIES: Final = frozenset(
    [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "JPY",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "TWD",
        "USD",
    ]
)
NO_DECIMALS: Final = frozenset(["HUF", "JPY", "TWD"])
"""The currencies that PayPal takes in whole units only."""


class Amount(Struct):
    value: str
    currency_code: str = ""
    currency: str = ""
    """Payouts call it so."""


class RelatedIds(Struct):
    order_id: str = ""


class Supplement(Struct):
    related_ids: RelatedIds = field(default_factory=RelatedIds)


class Details(Struct):
    reason: str = ""


class Capture(Struct):
    id: str
    amount: Amount
    status: str = ""
    custom_id: str | None = None
    supplementary_data: Supplement = field(default_factory=Supplement)
    status_details: Details = field(default_factory=Details)


class Refund(Struct):
    id: str
    amount: Amount
    status: str = ""
    custom_id: str | None = None
    links: list[Link] = field(default_factory=list)
    status_details: Details = field(default_factory=Details)


class Payments(Struct):
    captures: list[Capture] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


class Unit(Struct):
    amount: Amount | None = None
    custom_id: str | None = None
    payments: Payments = field(default_factory=Payments)


class Order(Struct):
    id: str
    status: str
    purchase_units: list[Unit] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


class BatchHeader(Struct):
    payout_batch_id: str
    batch_status: str = ""


class ItemWords(Struct):
    amount: Amount
    sender_item_id: str | None = None


class ItemError(Struct):
    name: str = ""
    message: str = ""


class Item(Struct):
    """A payout has one. `payout_batch_id` is the payout's id at PayPal."""

    payout_item: ItemWords
    payout_batch_id: str = ""
    transaction_status: str = ""
    errors: ItemError | None = None


class Batch(Struct):
    batch_header: BatchHeader
    items: list[Item] = field(default_factory=list)


class Disputed(Struct):
    seller_transaction_id: str = ""
    invoice_number: str | None = None
    custom: str | None = None


class DisputeEnd(Struct):
    outcome_code: str = ""
    amount_refunded: Amount | None = None


class Dispute(Struct):
    dispute_id: str
    dispute_amount: Amount
    status: str = ""
    reason: str = ""
    disputed_transactions: list[Disputed] = field(default_factory=list)
    dispute_outcome: DisputeEnd | None = None


def text(money: Money) -> str:
    """The amount as PayPal writes it. Raises ProviderRefused where it takes whole units and this is none."""
    if money.currency not in NO_DECIMALS:
        return money.text
    whole = Decimal(money.minor).scaleb(-exponent(money.currency))
    if whole != int(whole):
        raise ProviderRefused(reason=f"PayPal takes {money.currency} in whole units only, not {money}.")
    return str(int(whole))


def amount(money: Money) -> dict[str, Any]:
    return {"currency_code": money.currency, "value": text(money)}


def money(amount: Amount) -> Money:
    """Raises ProviderRefused for what is no amount of that currency; payouts' fees may make it negative."""
    currency = amount.currency_code or amount.currency
    try:
        scaled = Decimal(amount.value).scaleb(exponent(currency))
        if scaled == int(scaled):
            return Money(int(scaled), currency)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise ProviderRefused(reason=f"PayPal names an amount that is none: {amount.value[:40]} {currency}.")


_CAPTURED: Final = {
    "COMPLETED": State.SUCCEEDED,
    "PARTIALLY_REFUNDED": State.SUCCEEDED,
    "REFUNDED": State.SUCCEEDED,
    "PENDING": State.PROCESSING,
    "DECLINED": State.FAILED,
    "DENIED": State.FAILED,
    "FAILED": State.FAILED,
}


def of_order(order: Order, asked: Money | None = None) -> Outcome:
    """`asked` is the amount where the order does not say it."""
    unit = order.purchase_units[0] if order.purchase_units else Unit()
    if unit.payments.captures:
        return of_capture(unit.payments.captures[-1], order.id, our_id(unit.custom_id))
    total = money(unit.amount) if unit.amount else asked
    if total is None:
        raise ProviderRefused(reason="PayPal names an order without an amount.")
    ended = order.status == "VOIDED"
    page = next((link.href for link in order.links if link.rel in ("payer-action", "approve")), "")
    agreed = order.status == "APPROVED"
    return Outcome(
        subject=Subject.CHARGE,
        reference=order.id,
        state=State.CANCELLED if ended else State.REQUIRES_ACTION,
        amount=total,
        our_id=our_id(unit.custom_id),
        action_url="" if ended or agreed else page,
        action_kind="" if ended else "confirm" if agreed else "redirect",
    )


def of_capture(capture: Capture, order_id: str = "", payment_id: UUID | None = None) -> Outcome:
    state = _CAPTURED.get(capture.status, State.PROCESSING)
    failed = state is State.FAILED
    return Outcome(
        subject=Subject.CHARGE,
        reference=order_id or capture.supplementary_data.related_ids.order_id,
        state=state,
        amount=money(capture.amount),
        our_id=our_id(capture.custom_id) or payment_id,
        capture=capture.id,
        failure_code="card_declined" if failed else "",
        failure_message=f"PayPal: {capture.status_details.reason or capture.status}" if failed else "",
        reason=capture.status_details.reason,
    )


def of_refund(refund: Refund) -> Outcome:
    failed = refund.status in ("FAILED", "CANCELLED")
    of = next((link.href for link in refund.links if link.rel == "up"), "")
    return Outcome(
        subject=Subject.REFUND,
        reference=refund.id,
        state=State.FAILED if failed else State.SUCCEEDED if refund.status == "COMPLETED" else State.PROCESSING,
        amount=money(refund.amount),
        our_id=our_id(refund.custom_id),
        capture=of.rstrip("/").rpartition("/")[2],
        failure_code="provider_error" if failed else "",
        failure_message=f"PayPal: {refund.status_details.reason or refund.status}" if failed else "",
    )


_SENT: Final = {
    "SUCCESS": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "DENIED": State.FAILED,
    "BLOCKED": State.FAILED,
    "CANCELED": State.FAILED,
    "RETURNED": State.FAILED,
    "REFUNDED": State.RETURNED,
    "REVERSED": State.RETURNED,
}
"""An unclaimed payout is under way for 30 days, and then `RETURNED` without ever having arrived."""


def of_item(item: Item, batch_id: str = "") -> Outcome:
    state = _SENT.get(item.transaction_status, State.PROCESSING)
    failed = state in (State.FAILED, State.RETURNED)
    why = item.errors.message if item.errors else ""
    return Outcome(
        subject=Subject.PAYOUT,
        reference=item.payout_batch_id or batch_id,
        state=state,
        amount=money(item.payout_item.amount),
        our_id=our_id(item.payout_item.sender_item_id),
        failure_code=_failure(item.errors.name if item.errors else "") if failed else "",
        failure_message=(why or f"PayPal: {item.transaction_status}") if failed else "",
        reason=item.transaction_status.lower(),
    )


def _failure(name: str) -> str:
    closed = (
        "RECEIVER_ACCOUNT_LOCKED",
        "RECEIVER_UNREGISTERED",
        "RECEIVER_YOUTH_ACCOUNT",
        "RECEIVER_COUNTRY_NOT_ALLOWED",
    )
    return "account_closed" if name in closed else "provider_error"


_LOST: Final = ("RESOLVED_BUYER_FAVOUR", "ACCEPTED")


def of_dispute(dispute: Dispute) -> Outcome:
    """A lost one says what was given to the buyer, which may be less than what was disputed."""
    end = dispute.dispute_outcome
    over = dispute.status == "RESOLVED" and end is not None
    lost = over and end is not None and end.outcome_code in _LOST
    given = end.amount_refunded if lost and end and end.amount_refunded else dispute.dispute_amount
    of = dispute.disputed_transactions[0] if dispute.disputed_transactions else Disputed()
    return Outcome(
        subject=Subject.DISPUTE,
        reference=dispute.dispute_id,
        state=State.LOST if lost else State.WON if over else State.OPEN,
        amount=money(given),
        our_id=our_id(of.custom) or our_id(of.invoice_number),
        capture=of.seller_transaction_id,
        reason=dispute.reason.lower(),
    )


def our_id(text: str | None) -> UUID | None:
    """Our id in what we left with the thing; None where somebody else made it, on PayPal's own pages say."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
