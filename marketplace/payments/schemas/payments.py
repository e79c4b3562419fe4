"""What is asked for when something is paid, and how a payment is shown to who pays."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from marketplace.core.money import AmountText, Currency
from marketplace.payments.states import PaymentStatus, RefundStatus

MethodToken = Annotated[
    str,
    Meta(
        max_length=255,
        description="The provider's token of a card or account, never a card number.",
        examples=["pm_1234567890"],
    ),
]
ReturnUrl = Annotated[
    str,
    Meta(
        max_length=500,
        pattern=r"^(https?://[^\s]+|/|/[^/\\\s][^\s]*)?$(?!\n)",  # `$` alone is also before a last line feed
        description="Where the payer's browser goes from the provider's page: a path of ours, or an address.",
    ),
]


class Payable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is paid for: one of `order_id`, `checkout_id`, `auction_id` (a lot that was won), `milestone_id`, or `purpose` with `subject`."""

    order_id: UUID | None = None
    checkout_id: UUID | None = None
    auction_id: UUID | None = None
    milestone_id: UUID | None = None
    purpose: Annotated[str, Meta(max_length=24)] | None = None
    subject: UUID | None = None


class BeginPayment(Payable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`payment_method` is a provider (`stripe`, `paypal`, ...) or `wallet`; left out, the provider of the house."""

    payment_method: (
        Annotated[str, Meta(min_length=1, max_length=32, examples=["stripe", "paypal", "wallet"])] | None
    ) = None
    payment_method_id: MethodToken = ""
    return_url: ReturnUrl = ""


class ConfirmNamedPayment(Payable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which payment: `payment_intent_id` is the provider's id of it, or ours; without one, the last for what is named."""

    payment_intent_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    payment_method_id: MethodToken = ""


class ConfirmPayment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payment_method_id: MethodToken = ""


class PaymentOut(Struct, frozen=True, kw_only=True):
    """`client_secret` and `action_url` are there while the provider waits for the payer: to confirm in the browser, to open
    as a page or to show as a QR code (`action_kind`). A `surplus` came in vain and goes back by itself."""

    id: UUID
    payment_intent_id: str
    client_secret: str
    purpose: str
    subject: UUID
    payment_method: str
    status: PaymentStatus
    surplus: bool
    amount: AmountText
    refunded: AmountText
    currency: Currency
    description: str
    action_url: str
    action_kind: str
    failure_code: str
    failure_message: str
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None


class RefundLine(Struct, frozen=True, kw_only=True):
    id: UUID
    order_id: UUID | None
    amount: AmountText
    currency: Currency
    status: RefundStatus
    reason: str
    created_at: datetime


class PaymentDetail(PaymentOut, frozen=True, kw_only=True):
    refunds: list[RefundLine] = field(default_factory=list)


class ConfirmedPayment(PaymentDetail, frozen=True, kw_only=True):
    """`order_id` as it was asked with."""

    order_id: UUID | None
