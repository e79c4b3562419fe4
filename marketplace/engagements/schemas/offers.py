from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import AmountText, Currency
from marketplace.engagements.schemas.engagements import EngagedGig
from marketplace.engagements.states import OfferStatus
from marketplace.orders.schemas.orders import OrderParty, OrderRole

Price: TypeAlias = Annotated[AmountText, Meta(description="In the gig's currency.")]
DeliveryDays: TypeAlias = Annotated[int, Meta(ge=1, le=365)]
Revisions: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
Description: TypeAlias = Annotated[str, Meta(min_length=1, max_length=5_000, pattern=r"\S")]
ValidDays: TypeAlias = Annotated[
    int, Meta(ge=1, le=30, description="How long it stands; the platform's usual time unless given.")
]


class MakeOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the gig's seller, to the person of `user_id`; as anybody else, a request to its seller. No revisions: as many as are asked for."""

    gig_id: UUID
    price: Price
    delivery_days: DeliveryDays
    description: Description
    revisions: Revisions | None = None
    user_id: UUID | None = None
    valid_days: ValidDays | None = None


class CounterOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it was offered."""

    price: Price | UnsetType = UNSET
    delivery_days: DeliveryDays | UnsetType = UNSET
    revisions: Revisions | UnsetType | None = UNSET
    description: Description | UnsetType = UNSET
    valid_days: ValidDays | None = None


class DeclineOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message: Annotated[str, Meta(max_length=2_000)] = ""


class CustomOfferOut(Struct, frozen=True, kw_only=True):
    """Terms for a gig. `thread_id` is the same for an offer and its counter-offers, of which one at most is open. `is_mine`: you made it.

    `order_id` is what came of it, for its buyer to pay.
    """

    id: UUID
    thread_id: UUID
    gig: EngagedGig
    role: OrderRole
    is_mine: bool
    buyer: OrderParty
    seller: OrderParty
    status: OfferStatus
    description: str
    price: AmountText
    currency: Currency
    delivery_days: int
    revisions: int | None
    answer: str | None
    order_id: UUID | None
    expires_at: datetime
    answered_at: datetime | None
    created_at: datetime
