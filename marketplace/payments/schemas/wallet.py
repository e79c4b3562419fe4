"""What somebody has with us, and how it came to be. Amounts are decimal strings; what was taken is negative."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import Amount, AmountText, Currency
from marketplace.payments.schemas.payments import MethodToken, ReturnUrl

SignedText = Annotated[
    str, Meta(pattern=r"^-?\d{1,16}(\.\d{1,4})?$", description="Signed decimal amount as text", examples=["-12.50"])
]


class Pocket(StrEnum):
    """A part of what somebody has: to spend; held for a bid; earned but not cleared; earned and cleared; owed to us."""

    AVAILABLE = "available"
    HELD = "held"
    PENDING_EARNINGS = "pending_earnings"
    CLEARED_EARNINGS = "cleared_earnings"
    OWED = "owed"


class BalanceOut(Struct, frozen=True, kw_only=True):
    """`available` may be spent and withdrawn, `cleared_earnings` paid out. `owed` is a debt, settled from what comes in next;
    `underway` has left in payouts that have not arrived."""

    currency: Currency
    available: AmountText
    held: AmountText
    pending_earnings: AmountText
    cleared_earnings: AmountText
    owed: AmountText
    underway: AmountText


class WalletOut(Struct, frozen=True, kw_only=True):
    """One for each currency that anything has ever been in."""

    balances: list[BalanceOut]


class WithdrawFromWallet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`payout_method_id` left out is the default method."""

    amount: Amount
    currency: Currency
    payout_method_id: UUID | None = None


class DepositToWallet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`payment_method` is a provider (`stripe`, `paypal`, ...); left out, the provider of the house."""

    amount: Amount
    currency: Currency
    payment_method: Annotated[str, Meta(min_length=1, max_length=32, examples=["stripe", "paypal"])] | None = None
    payment_method_id: MethodToken = ""
    return_url: ReturnUrl = ""


class EntryType(StrEnum):
    DEPOSIT = "deposit"
    PAYMENT = "payment"
    REFUND = "refund"
    HOLD = "hold"
    HOLD_RELEASED = "hold_released"
    EARNING = "earning"
    CLEARING = "clearing"
    PAYOUT = "payout"
    PAYOUT_BACK = "payout_back"
    DEBT = "debt"
    CHARGEBACK = "chargeback"
    CORRECTION = "correction"
    OTHER = "other"


class TransactionOut(Struct, frozen=True, kw_only=True):
    """One entry in one of your pockets. `balance` is what that pocket held after it; `at` is when it happened."""

    id: int
    type: EntryType
    reason: str
    pocket: Pocket
    amount: SignedText
    balance: SignedText
    currency: Currency
    order_id: UUID | None
    payment_id: UUID | None
    payout_id: UUID | None
    at: datetime
    created_at: datetime


class StatementMonth(Struct, frozen=True, kw_only=True):
    """A month there is a statement of; until it `is_over`, the statement ends with the present."""

    month: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}$", examples=["2026-11"])]
    currency: Currency
    is_over: bool
