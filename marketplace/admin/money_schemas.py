"""What staff are shown of orders and of money. Amounts are decimal strings in `currency`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.admin.schemas import Reason
from marketplace.core.money import AmountText, Currency


class StaffPaymentRow(Struct, kw_only=True):
    """`subject_id` is what it is for: the checkout, where the purpose is `checkout`."""

    id: UUID
    payer_id: UUID
    payer: str
    purpose: str
    subject_id: UUID
    provider: str
    reference: str
    amount: AmountText
    refunded: AmountText
    currency: Currency
    status: str
    surplus: bool
    failure_code: str
    created_at: datetime
    succeeded_at: datetime | None


class StaffOrderRow(Struct, kw_only=True):
    """`held` is what lies in its escrow."""

    id: UUID
    order_number: str
    kind: str
    status: str
    phase: str
    buyer_id: UUID
    buyer: str
    seller_id: UUID
    seller: str
    total_amount: AmountText
    commission: AmountText
    captured: AmountText
    released: AmountText
    refunded: AmountText
    held: AmountText
    currency: Currency
    frozen: bool
    created_at: datetime
    paid_at: datetime | None
    completed_at: datetime | None


class StaffPayoutRow(Struct, kw_only=True):
    id: UUID
    user_id: UUID
    user: str
    source: str
    provider: str
    reference: str
    status: str
    needs_approval: bool
    approved_by_id: UUID | None
    amount: AmountText
    currency: Currency
    failure_code: str
    created_at: datetime
    paid_at: datetime | None


class StaffBreakRow(Struct, kw_only=True):
    """Something that does not agree: what our books say, and what the provider does."""

    id: UUID
    rule: str
    provider: str
    subject: str
    subject_id: str
    ours: str
    theirs: str
    found_at: datetime
    closed_at: datetime | None
    closed_by_id: UUID | None
    note: str


class RefundOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """No amount: whatever has not been refunded yet."""

    amount: Annotated[str, Meta(description="Decimal amount in the order's currency.", examples=["10.00"])] | None = (
        None
    )
    reason: Reason


class SettleOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """How a frozen order's escrow is split. The two sum to what is held."""

    buyer_amount: Annotated[str, Meta(description="What goes back to the buyer.", examples=["40.00"])]
    seller_amount: Annotated[str, Meta(description="What goes to the seller, before commission.", examples=["60.00"])]
    reason: Reason


class Reasoned(Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason
