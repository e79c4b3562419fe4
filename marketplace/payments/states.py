from enum import StrEnum

from marketplace.core.states import Machine


class PaymentStatus(StrEnum):
    """CREATED: intended, and what the provider made of it is not known yet. The last three are final.

    What comes in after the end (late, or twice) is kept as `surplus` on the row and given back.
    """

    CREATED = "created"
    REQUIRES_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RefundStatus(StrEnum):
    """PENDING: the money has left the seller's side and is on its way through the provider."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PayoutStatus(StrEnum):
    """From REQUESTED on, the money is out of the account it came from; FAILED, RETURNED, REJECTED and CANCELLED put it back."""

    REQUESTED = "requested"
    AWAITING_APPROVAL = "awaiting_approval"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class PayoutSource(StrEnum):
    """Which of the user's accounts it is paid from: what was sold and has cleared, or the wallet."""

    EARNINGS = "earnings"
    WALLET = "wallet"


class ChargebackStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class WebhookStatus(StrEnum):
    """IGNORED: verified, and nothing to do with us. FAILED: worked on in vain; staff may replay it."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


S = PaymentStatus
OPEN = frozenset({S.CREATED, S.REQUIRES_METHOD, S.REQUIRES_ACTION, S.PROCESSING})
PAYMENT: Machine[PaymentStatus] = Machine({
    S.CREATED: frozenset({S.REQUIRES_METHOD, S.REQUIRES_ACTION, S.PROCESSING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.REQUIRES_METHOD: frozenset({S.REQUIRES_ACTION, S.PROCESSING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.REQUIRES_ACTION: frozenset({S.REQUIRES_METHOD, S.PROCESSING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.PROCESSING: frozenset({S.REQUIRES_METHOD, S.REQUIRES_ACTION, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
})  # fmt: skip

R = RefundStatus
REFUND: Machine[RefundStatus] = Machine({
    R.PENDING: frozenset({R.SUCCEEDED, R.FAILED}),
    R.SUCCEEDED: frozenset({R.FAILED}),  # banks send refunds back, days later
    R.FAILED: frozenset(),
})  # fmt: skip

P = PayoutStatus
PAYOUT: Machine[PayoutStatus] = Machine({
    P.REQUESTED: frozenset({P.AWAITING_APPROVAL, P.PROCESSING, P.CANCELLED}),
    P.AWAITING_APPROVAL: frozenset({P.PROCESSING, P.REJECTED, P.CANCELLED}),
    P.PROCESSING: frozenset({P.PAID, P.FAILED}),
    P.PAID: frozenset({P.RETURNED}),
    P.FAILED: frozenset(),
    P.RETURNED: frozenset(),
    P.REJECTED: frozenset(),
    P.CANCELLED: frozenset(),
})  # fmt: skip

C = ChargebackStatus
CHARGEBACK: Machine[ChargebackStatus] = Machine({
    C.OPEN: frozenset({C.WON, C.LOST}),
    C.WON: frozenset(),
    C.LOST: frozenset(),
})  # fmt: skip
