"""What a buyer owes, and second chances."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.auctions.schemas.common import AmountText, Currency, Person
from marketplace.auctions.states import OfferStatus, SaleKind, SaleStatus


class PaymentState(StrEnum):
    """Of what a sale costs. What is paid is the seller's once the buyer has received the lot."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class SaleOut(Struct, frozen=True, kw_only=True):
    """A lot that was sold: `amount` is owed until `pay_by`."""

    id: UUID
    auction_id: UUID
    lot_id: UUID
    title: str
    kind: SaleKind
    status: SaleStatus
    amount: AmountText
    currency: Currency
    pay_by: datetime
    paid_at: datetime | None
    order_id: UUID | None
    order_number: str | None
    order_status: (
        Annotated[str, Meta(description="pending, processing, shipped, delivered, returned or cancelled.")] | None
    )
    payment_state: PaymentState
    created_at: datetime
    buyer: Person
    seller: Person


class StrikeOut(Struct, frozen=True, kw_only=True):
    """A win that was not paid for. One that staff have lifted counts no more."""

    id: UUID
    auction_id: UUID
    lot_id: UUID
    title: str
    at: datetime
    lifted_at: datetime | None


class StrikesOut(Struct, frozen=True, kw_only=True):
    """`suspended_until` is set while there are too many of them to bid."""

    strikes: list[StrikeOut]
    suspended_until: datetime | None


class OfferOut(Struct, frozen=True, kw_only=True):
    """A lot offered to the viewer at their own maximum, because its winner did not pay."""

    id: UUID
    auction_id: UUID
    lot_id: UUID
    title: str
    status: OfferStatus
    amount: AmountText
    currency: Currency
    expires_at: datetime
    created_at: datetime
    answered_at: datetime | None
    seller: Person
