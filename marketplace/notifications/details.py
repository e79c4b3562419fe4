from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Details(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a notification is about, for programs: ids to follow, and the facts its words are made of.

    `number` is an order's, `amount` a decimal string in `currency`, `until` an instant that matters (an end, a date to pay by).
    """

    auction_id: UUID | None = None
    lot_id: UUID | None = None
    sale_id: UUID | None = None
    offer_id: UUID | None = None
    order_id: UUID | None = None
    shipment_id: UUID | None = None
    return_id: UUID | None = None
    payment_id: UUID | None = None
    payout_id: UUID | None = None
    dispute_id: UUID | None = None
    delivery_id: UUID | None = None
    milestone_id: UUID | None = None
    request_id: UUID | None = None
    custom_offer_id: UUID | None = None
    session_id: UUID | None = None
    number: str | None = None
    product_id: UUID | None = None
    review_id: UUID | None = None
    gig_id: UUID | None = None
    variant_id: UUID | None = None
    title: str | None = None
    amount: str | None = None
    currency: str | None = None
    until: datetime | None = None
    count: int | None = None
    reason: str | None = None
    address: str | None = None
    user_agent: str | None = None
