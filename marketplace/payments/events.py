"""What payments tell others. Amounts are minor units of `currency`."""

from uuid import UUID

from msgspec import Struct

from marketplace.payments.states import InvoiceKind


class InvoiceIssued(Struct, frozen=True, kw_only=True):
    """`issuer_id` None: the platform."""

    invoice_id: UUID
    kind: InvoiceKind
    number: str
    issuer_id: UUID | None
    recipient_id: UUID
    order_id: UUID | None


class PaymentSucceeded(Struct, frozen=True, kw_only=True):
    """The money is in, and what it was for has been told."""

    payment_id: UUID
    payer_id: UUID
    purpose: str
    subject: UUID
    provider: str
    amount: int
    currency: str


class PaymentFailed(Struct, frozen=True, kw_only=True):
    """For good: this payment is not tried again, another one may be."""

    payment_id: UUID
    payer_id: UUID
    purpose: str
    subject: UUID
    amount: int
    currency: str
    failure_code: str


class PaymentSurplus(Struct, frozen=True, kw_only=True):
    """Money came late, twice, or in another amount. It paid for nothing, and `refund_id` gives it back."""

    payment_id: UUID
    payer_id: UUID
    purpose: str
    subject: UUID
    refund_id: UUID
    amount: int
    currency: str


class RefundSucceeded(Struct, frozen=True, kw_only=True):
    refund_id: UUID
    payment_id: UUID
    payer_id: UUID
    order_id: UUID | None
    amount: int
    currency: str


class RefundFailed(Struct, frozen=True, kw_only=True):
    """The provider could not give it back. The money has been put where its payable says (`Payable.refund_failed`)."""

    refund_id: UUID
    payment_id: UUID
    payer_id: UUID
    order_id: UUID | None
    amount: int
    currency: str
    failure_code: str


class ChargebackOpened(Struct, frozen=True, kw_only=True):
    chargeback_id: UUID
    payment_id: UUID
    payer_id: UUID
    purpose: str
    subject: UUID
    amount: int
    currency: str
    reason: str


class ChargebackClosed(Struct, frozen=True, kw_only=True):
    """`won`: by us; the money stays where it was earned."""

    chargeback_id: UUID
    payment_id: UUID
    payer_id: UUID
    purpose: str
    subject: UUID
    amount: int
    currency: str
    won: bool


class DepositMade(Struct, frozen=True, kw_only=True):
    payment_id: UUID
    user_id: UUID
    amount: int
    currency: str


class PayoutRequested(Struct, frozen=True, kw_only=True):
    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str
    needs_approval: bool


class PayoutApproved(Struct, frozen=True, kw_only=True):
    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str


class PayoutPaid(Struct, frozen=True, kw_only=True):
    """The provider has sent it."""

    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str


class PayoutFailed(Struct, frozen=True, kw_only=True):
    """It could not be sent; the money is back where it came from."""

    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str
    reason: str


class PayoutReturned(Struct, frozen=True, kw_only=True):
    """It was sent and came back; the money is back where it came from."""

    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str
    reason: str


class PayoutRejected(Struct, frozen=True, kw_only=True):
    """Staff did not approve of it; the money is back where it came from."""

    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str
    reason: str


class PayoutCancelled(Struct, frozen=True, kw_only=True):
    """By its user, before it was sent; the money is back where it came from."""

    payout_id: UUID
    user_id: UUID
    amount: int
    currency: str


class PayoutMethodAdded(Struct, frozen=True, kw_only=True):
    """`shown` is its label and masked destination."""

    method_id: UUID
    user_id: UUID
    shown: str


class PayoutMethodRemoved(Struct, frozen=True, kw_only=True):
    method_id: UUID
    user_id: UUID
    shown: str


class BooksBroken(Struct, frozen=True, kw_only=True):
    """A reconciliation found so many breaks that no earlier one had; payouts are paused. `examples` are for staff to read."""

    run_id: UUID
    breaks: int
    examples: list[str]
