"""What a buyer owes, and second chances."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.auctions.schemas.common import AmountText, Currency, Person
from marketplace.auctions.states import OfferStatus, SaleKind, SaleStatus


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
    created_at: datetime
    buyer: Person
    seller: Person


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
