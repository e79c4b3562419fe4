"""WeChat Pay's words, and what they are in ours. Its amounts are whole fen."""

from typing import Final, TypeVar
from uuid import UUID

from msgspec import Struct

from marketplace.core.money import Money
from marketplace.payments.providers.base import Outcome, ProviderUnknown, State, Subject

CURRENCY: Final = "CNY"


class Total(Struct, frozen=True):
    total: int = 0
    refund: int = 0
    currency: str = CURRENCY


class Trade(Struct, frozen=True):
    """A trade in an answer or a notice."""

    out_trade_no: str = ""
    mchid: str = ""
    appid: str = ""
    transaction_id: str = ""
    trade_state: str = ""
    trade_state_desc: str = ""
    amount: Total = Total()


class Asked(Struct, frozen=True):
    """Where the payer pays."""

    code_url: str = ""
    h5_url: str = ""


class Refund(Struct, frozen=True):
    """A refund in an answer (`status`) or a notice (`refund_status`)."""

    out_refund_no: str = ""
    out_trade_no: str = ""
    mchid: str = ""
    refund_id: str = ""
    status: str = ""
    refund_status: str = ""
    amount: Total = Total()


class Bill(Struct, frozen=True):
    """A transfer in an answer or a notice."""

    out_bill_no: str = ""
    mch_id: str = ""
    appid: str = ""
    transfer_bill_no: str = ""
    state: str = ""
    transfer_amount: int = 0
    fail_reason: str = ""
    package_info: str = ""


Found = TypeVar("Found", Trade, Refund, Bill)

TRADES: Final = {
    "NOTPAY": State.REQUIRES_ACTION,
    "USERPAYING": State.PROCESSING,
    "ACCEPT": State.PROCESSING,
    "SUCCESS": State.SUCCEEDED,
    "REFUND": State.SUCCEEDED,  # it was paid, and some of it has been given back
    "CLOSED": State.CANCELLED,
    "REVOKED": State.CANCELLED,
    "PAYERROR": State.FAILED,
}
REFUNDS: Final = {
    "SUCCESS": State.SUCCEEDED,
    "PROCESSING": State.PROCESSING,
    "CLOSED": State.FAILED,
    "ABNORMAL": State.PROCESSING,  # it could not reach the payer: somebody of ours must send it elsewhere, by hand
}
TRANSFERS: Final = {
    "ACCEPTED": State.PROCESSING,
    "PROCESSING": State.PROCESSING,
    "WAIT_USER_CONFIRM": State.PROCESSING,
    "TRANSFERING": State.PROCESSING,
    "CANCELING": State.PROCESSING,
    "SUCCESS": State.SUCCEEDED,
    "FAIL": State.FAILED,
    "CANCELLED": State.FAILED,
}
FAILURES: Final = {
    "NOT_ENOUGH": "insufficient_funds",
    "NOTENOUGH": "insufficient_funds",
    "USER_ACCOUNT_ABNORMAL": "account_closed",
    "ACCOUNT_FROZEN": "account_closed",
    "PAYEE_ACCOUNT_ABNORMAL": "account_closed",
    "ACCOUNT_NOT_EXIST": "account_closed",
    "OVERDUE_CLOSE": "expired",
}
CONFIRM: Final = "wechat_transfer"


def charge_outcome(trade: Trade, our_id: UUID) -> Outcome:
    """`reference` is our number of the trade, by which WeChat Pay knows it from the first; `capture` is its own."""
    state = _state(TRADES, trade.trade_state)
    failed = state is State.FAILED
    return Outcome(
        subject=Subject.CHARGE, our_id=our_id, reference=our_id.hex, capture=trade.transaction_id, state=state,
        amount=money(trade.amount.total, trade.amount.currency), failure_code="provider_error" if failed else "",
        failure_message=trade.trade_state_desc if failed else "",
    )  # fmt: skip


def refund_outcome(refund: Refund, our_id: UUID) -> Outcome:
    word = refund.status or refund.refund_status
    stuck = word == "ABNORMAL"
    return Outcome(
        subject=Subject.REFUND, our_id=our_id, reference=refund.refund_id, state=_state(REFUNDS, word),
        amount=money(refund.amount.refund, refund.amount.currency),
        failure_code="provider_error" if stuck or word == "CLOSED" else "",
        failure_message="It did not reach the payer. Send it at WeChat Pay's merchant platform." if stuck else "",
    )  # fmt: skip


def payout_outcome(bill: Bill, our_id: UUID, amount: Money) -> Outcome:
    """While the payee has to agree, `client_secret` is what their WeChat wants to be shown for it."""
    state = _state(TRANSFERS, bill.state)
    waits = bill.state == "WAIT_USER_CONFIRM" and bill.package_info
    return Outcome(
        subject=Subject.PAYOUT, our_id=our_id, reference=bill.transfer_bill_no, state=state, amount=amount,
        client_secret=bill.package_info if waits else "", action_kind=CONFIRM if waits else "",
        failure_code=failure_code(bill.fail_reason) if state is State.FAILED else "",
        failure_message=bill.fail_reason if state is State.FAILED else "",
    )  # fmt: skip


def failure_code(reason: str) -> str:
    return FAILURES.get(reason, "provider_error")


def money(fen: int, currency: str = CURRENCY) -> Money:
    if currency != CURRENCY or fen < 0:
        raise ProviderUnknown
    return Money(fen, CURRENCY)


def _state(known: dict[str, State], word: str) -> State:
    try:
        return known[word]
    except KeyError as error:
        raise ProviderUnknown from error


def our_id(text: str) -> UUID | None:
    """The id in a number of ours, or None: the same merchant may have another system too."""
    try:
        found = UUID(hex=text)
    except ValueError:
        return None
    return found if found.hex == text else None
