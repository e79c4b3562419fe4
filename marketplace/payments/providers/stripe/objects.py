"""Stripe's objects, as much of them as we read, and how they become ours. The same from its API and in its webhooks."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Raw, Struct, field

from marketplace.core.money import Money, exponent
from marketplace.payments.providers.base import Outcome, ProviderRefused, State, Subject

NO_DECIMALS: Final = frozenset(["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"])  # fmt: skip
THREE_DECIMALS: Final = frozenset(["BHD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""The currencies whose amounts Stripe does not count in hundredths, whatever their own minor unit is. Of three decimals it
takes only amounts that end in 0."""


class Listed(Struct):
    """What comes in lists: the last id of a page asks for the next."""

    id: str


class Reference(Struct):
    id: str


class Failure(Struct):
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class NextAction(Struct):
    type: str = ""
    redirect_to_url: dict[str, Any] | None = None
    alipay_handle_redirect: dict[str, Any] | None = None
    wechat_pay_display_qr_code: dict[str, Any] | None = None


class Intent(Listed):
    amount: int
    currency: str
    status: str
    created: int = 0
    client_secret: str | None = None
    latest_charge: str | Reference | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    next_action: NextAction | None = None
    last_payment_error: Failure | None = None
    cancellation_reason: str | None = None


class Refund(Listed):
    amount: int
    currency: str
    status: str | None = None
    created: int = 0
    charge: str | Reference | None = None
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None


class Refunds(Struct):
    data: list[Refund] = field(default_factory=list)


class Charge(Struct):
    """What `charge.refunded` tells of. Newer API versions leave the refunds out; they come as events of their own."""

    id: str
    refunds: Refunds | None = None


class Dispute(Listed):
    amount: int
    currency: str
    status: str
    created: int = 0
    charge: str | Reference | None = None
    reason: str | None = None
    metadata: dict[str, str] | None = None


class Transfer(Listed):
    amount: int
    currency: str
    created: int = 0
    metadata: dict[str, str] | None = None
    reversed: bool = False


class Payout(Listed):
    amount: int
    currency: str
    status: str
    created: int = 0
    metadata: dict[str, str] | None = None
    failure_code: str | None = None
    failure_message: str | None = None


class EventData(Struct):
    object: Raw


class Event(Listed):
    """`account` is set where it happened to a connected account, not to us."""

    type: str
    created: int
    data: EventData
    account: str | None = None


class ErrorBody(Struct):
    """The error of an answer. `payment_intent` comes with a refused card."""

    code: str | None = None
    payment_intent: Intent | None = None


def amount(money: Money) -> int:
    """The amount as Stripe counts it. Raises ProviderRefused where Stripe cannot hold it."""
    scaled = Decimal(money.minor).scaleb(_places(money.currency) - exponent(money.currency))
    if scaled != int(scaled) or (money.currency in THREE_DECIMALS and int(scaled) % 10):
        raise ProviderRefused(reason=f"Stripe does not take {money}: it has too many decimals.")
    return int(scaled)


def money(count: int, currency: str) -> Money:
    """Raises ProviderRefused for an amount of less than our smallest unit, which none of ours can be."""
    code = currency.upper()
    scaled = Decimal(count).scaleb(exponent(code) - _places(code))
    if scaled != int(scaled):
        raise ProviderRefused(reason=f"Stripe names an amount of {count} {code}, which has too many decimals.")
    return Money(int(scaled), code)


def _places(currency: str) -> int:
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


_INTENT_STATES: Final = {
    "requires_payment_method": State.REQUIRES_METHOD,
    "requires_confirmation": State.REQUIRES_METHOD,
    "requires_action": State.REQUIRES_ACTION,
    "processing": State.PROCESSING,
    "requires_capture": State.PROCESSING,
    "succeeded": State.SUCCEEDED,
    "canceled": State.CANCELLED,
}


def of_intent(intent: Intent) -> Outcome:
    state = _INTENT_STATES.get(intent.status, State.PROCESSING)
    waits = state in (State.REQUIRES_METHOD, State.REQUIRES_ACTION)
    failure = intent.last_payment_error if state is State.REQUIRES_METHOD else None
    url, kind = _action(intent.next_action) if state is State.REQUIRES_ACTION and intent.next_action else ("", "")
    return Outcome(
        subject=Subject.CHARGE,
        reference=intent.id,
        state=state,
        amount=money(intent.amount, intent.currency),
        our_id=our_id(intent.metadata, "payment_id"),
        capture=_id(intent.latest_charge),
        client_secret=(intent.client_secret or "") if waits else "",
        action_url=url,
        action_kind=kind,
        failure_code=failure_code(failure) if failure else "",
        failure_message=(failure.message or "") if failure else "",
        reason=intent.cancellation_reason or "",
    )


def _action(action: NextAction) -> tuple[str, str]:
    """Where the payer goes on. What only Stripe's own script can do has no address: it works with the client secret."""
    if page := action.redirect_to_url or action.alipay_handle_redirect:
        return str(page.get("url", "")), "redirect"
    if code := action.wechat_pay_display_qr_code:
        return str(code.get("data", "")), "qr"
    return "", action.type


_FAILURES: Final = {
    "insufficient_funds": "insufficient_funds",
    "withdrawal_count_limit_exceeded": "insufficient_funds",
    "expired_card": "expired_card",
    "authentication_required": "authentication_failed",
    "authentication_not_handled": "authentication_failed",
    "payment_intent_authentication_failure": "authentication_failed",
    "payment_intent_payment_attempt_expired": "expired",
    "processing_error": "provider_error",
    "try_again_later": "provider_error",
    "issuer_not_available": "provider_error",
    "account_closed": "account_closed",
    "bank_account_closed": "account_closed",
}


def failure_code(failure: Failure) -> str:
    """The bank's reason where it gave one, which says more than Stripe's `card_declined`."""
    for code in (failure.decline_code, failure.code):
        if code in _FAILURES:
            return _FAILURES[code]
    return "card_declined"


def of_refund(refund: Refund) -> Outcome:
    failed = refund.status in ("failed", "canceled")
    return Outcome(
        subject=Subject.REFUND,
        reference=refund.id,
        state=State.FAILED if failed else State.SUCCEEDED if refund.status == "succeeded" else State.PROCESSING,
        amount=money(refund.amount, refund.currency),
        our_id=our_id(refund.metadata, "refund_id"),
        capture=_id(refund.charge),
        failure_code=_returned(refund.failure_reason) if failed else "",
        failure_message=(refund.failure_reason or refund.status or "") if failed else "",
    )


def of_dispute(dispute: Dispute) -> Outcome:
    """An inquiry (`warning_...`) counts as a dispute: its money is better held back than chased."""
    won = dispute.status in ("won", "warning_closed", "prevented")
    return Outcome(
        subject=Subject.DISPUTE,
        reference=dispute.id,
        state=State.WON if won else State.LOST if dispute.status == "lost" else State.OPEN,
        amount=money(dispute.amount, dispute.currency),
        our_id=our_id(dispute.metadata, "payment_id"),
        capture=_id(dispute.charge),
        reason=dispute.reason or "",
    )


def of_transfer(transfer: Transfer) -> Outcome:
    return Outcome(
        subject=Subject.PAYOUT,
        reference=transfer.id,
        state=State.RETURNED if transfer.reversed else State.SUCCEEDED,
        amount=money(transfer.amount, transfer.currency),
        our_id=our_id(transfer.metadata, "payout_id"),
    )


def of_payout(payout: Payout) -> Outcome:
    """A payout that its bank sends back after `paid` is `failed` at Stripe, with nothing to tell the two apart."""
    failed = payout.status in ("failed", "canceled")
    return Outcome(
        subject=Subject.PAYOUT,
        reference=payout.id,
        state=State.FAILED if failed else State.SUCCEEDED if payout.status == "paid" else State.PROCESSING,
        amount=money(payout.amount, payout.currency),
        our_id=our_id(payout.metadata, "payout_id"),
        failure_code=_returned(payout.failure_code) if failed else "",
        failure_message=(payout.failure_message or payout.status) if failed else "",
    )


def _returned(code: str | None) -> str:
    closed = (
        "account_closed",
        "bank_account_restricted",
        "no_account",
        "lost_or_stolen_card",
        "expired_or_canceled_card",
    )
    return "account_closed" if code in closed else "provider_error"


def our_id(metadata: Mapping[str, str] | None, name: str) -> UUID | None:
    """Our id in what we left with the object; None where somebody else made it, in Stripe's dashboard say."""
    try:
        return UUID((metadata or {}).get(name, ""))
    except ValueError:
        return None


def _id(thing: str | Reference | None) -> str:
    return thing.id if isinstance(thing, Reference) else thing or ""
