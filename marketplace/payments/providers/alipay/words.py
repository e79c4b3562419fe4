"""Alipay's words, and what they are in ours."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import ValidationFailed
from marketplace.core.money import Money, to_minor
from marketplace.payments.providers.base import Outcome, ProviderUnknown, State, Subject

CURRENCY: Final = "CNY"


class Trade(Struct, frozen=True):
    """A trade in an answer or a notice."""

    out_trade_no: str = ""
    trade_no: str = ""
    trade_status: str = ""
    total_amount: str = ""
    send_pay_date: str = ""
    gmt_payment: str = ""

    @property
    def was_paid(self) -> bool:
        return bool(self.send_pay_date or self.gmt_payment)


class Precreated(Struct, frozen=True):
    out_trade_no: str
    qr_code: str


class Closed(Struct, frozen=True):
    out_trade_no: str = ""
    trade_no: str = ""


class Refunded(Struct, frozen=True):
    out_trade_no: str = ""
    trade_no: str = ""
    fund_change: str = ""


class RefundFound(Struct, frozen=True):
    out_trade_no: str = ""
    trade_no: str = ""
    out_request_no: str = ""
    refund_amount: str = ""
    refund_status: str = ""


class Sent(Struct, frozen=True):
    """A transfer in an answer, or in the news of one."""

    out_biz_no: str = ""
    order_id: str = ""
    status: str = ""
    trans_amount: str = ""
    fail_reason: str = ""
    error_code: str = ""


TRADES: Final = {
    "WAIT_BUYER_PAY": State.REQUIRES_ACTION,
    "TRADE_SUCCESS": State.SUCCEEDED,
    "TRADE_FINISHED": State.SUCCEEDED,  # as before, and can no longer be refunded
}
TRANSFERS: Final = {
    "SUCCESS": State.SUCCEEDED,
    "FAIL": State.FAILED,
    "CLOSED": State.FAILED,
    "REFUND": State.RETURNED,
    "INIT": State.PROCESSING,
    "WAIT_PAY": State.PROCESSING,
    "DEALING": State.PROCESSING,
}
NO_MONEY: Final = frozenset(
    {"ACQ.SELLER_BALANCE_NOT_ENOUGH", "PAYER_BALANCE_NOT_ENOUGH", "BALANCE_IS_NOT_ENOUGH", "EXCEED_LIMIT_SM_AMOUNT"}
)


def money(text: str) -> Money:
    """Exactly what the text says, in yuan. Raises ProviderUnknown if that is no amount."""
    try:
        return Money(to_minor(text, CURRENCY), CURRENCY)
    except ValidationFailed as error:
        raise ProviderUnknown from error


def trade_state(trade: Trade) -> State:
    """A trade is also closed when all of it was refunded: the charge itself has succeeded then. Raises ProviderUnknown."""
    if trade.trade_status == "TRADE_CLOSED":
        return State.SUCCEEDED if trade.was_paid else State.CANCELLED
    try:
        return TRADES[trade.trade_status]
    except KeyError as error:
        raise ProviderUnknown from error


def charge_outcome(trade: Trade, our_id: UUID) -> Outcome:
    """`reference` is our number of the trade, by which Alipay knows it from the first; `capture` is Alipay's own."""
    return Outcome(
        subject=Subject.CHARGE, our_id=our_id, reference=our_id.hex, capture=trade.trade_no,
        state=trade_state(trade), amount=money(trade.total_amount),
    )  # fmt: skip


def payout_outcome(sent: Sent, our_id: UUID, amount: Money) -> Outcome:
    state = TRANSFERS.get(sent.status)
    if state is None:
        raise ProviderUnknown
    failed = state is State.FAILED
    return Outcome(
        subject=Subject.PAYOUT, our_id=our_id, reference=sent.order_id or our_id.hex, state=state, amount=amount,
        failure_code=failure_code(sent.error_code) if failed else "", failure_message=sent.fail_reason if failed else "",
    )  # fmt: skip


def failure_code(reason: str) -> str:
    if reason in NO_MONEY:
        return "insufficient_funds"
    return "account_closed" if reason.startswith("PAYEE_") else "provider_error"


def our_id(text: str) -> UUID | None:
    """The id in a number of ours, or None: the same account at Alipay may serve another system too."""
    try:
        found = UUID(hex=text)
    except ValueError:
        return None
    return found if found.hex == text else None
