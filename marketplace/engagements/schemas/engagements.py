from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.engagements.states import Gig
from marketplace.orders.schemas.orders import OrderRole


class EngagedGig(Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    slug: str


class EngagementOut(Struct, frozen=True, kw_only=True):
    """The work under an order of a gig, and where its clock stands. No `revisions_allowed`: as many as are asked for.

    The clock runs from acceptance, while it is the seller's turn; while it stands, `due_at` moves on.
    """

    order_id: UUID
    order_number: str
    status: Gig
    role: OrderRole
    gig: EngagedGig
    package_id: UUID | None
    custom_offer_id: UUID | None
    delivery_days: int
    extended_days: int
    revisions_allowed: int | None
    revisions_used: int
    revisions_left: int | None
    accept_by: Annotated[datetime | None, Meta(description="When it is given up, if its seller has not accepted it.")]
    requirements_answered_at: datetime | None
    accepted_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    is_clock_running: bool
    clock_stopped_at: datetime | None
    buyer_may_cancel_from: Annotated[datetime | None, Meta(description="When the buyer may cancel alone.")]
    is_late: bool
    is_very_late: bool
    accepted_by_silence_at: Annotated[
        datetime | None, Meta(description="When the buyer's silence accepts the delivery.")
    ]
    delivery_count: int
    created_at: datetime
    updated_at: datetime
