"""What engagements tell others, beside what their orders tell."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.engagements.states import OfferStatus, RequestKind, RequestStatus
from marketplace.orders.events import OrderEvent


class RequirementsAnswered(OrderEvent, tag="requirements_answered", frozen=True, kw_only=True):
    """The seller has all that they must know: they accept it by `accept_by`, or it is given up."""

    accept_by: datetime


class RequirementsAwaited(OrderEvent, tag="requirements_awaited", frozen=True, kw_only=True):
    """It has been paid, and `count` questions must be answered before the seller can accept it."""

    count: int
    accept_by: datetime


class WorkAccepted(OrderEvent, tag="work_accepted", frozen=True, kw_only=True):
    due_at: datetime


class WorkStarted(OrderEvent, tag="work_started", frozen=True, kw_only=True):
    due_at: datetime


class WorkDelivered(OrderEvent, tag="work_delivered", frozen=True, kw_only=True):
    """The buyer has until `accepted_at` to say something to it."""

    delivery_id: UUID
    version: int
    accepted_at: datetime


class DeliveryRejected(OrderEvent, tag="delivery_rejected", frozen=True, kw_only=True):
    delivery_id: UUID
    version: int
    reason: str
    due_at: datetime


class RevisionRequested(OrderEvent, tag="revision_requested", frozen=True, kw_only=True):
    delivery_id: UUID
    version: int
    reason: str
    due_at: datetime


class WorkLate(OrderEvent, tag="work_late", frozen=True, kw_only=True):
    """Its due date has passed; or `very`: by so much that the buyer may cancel alone."""

    due_at: datetime
    very: bool


class RequestMade(OrderEvent, tag="engagement_request_made", frozen=True, kw_only=True):
    """Asked of `asked_of`. Silence agrees to a cancellation at `answer_by`."""

    request_id: UUID
    request: RequestKind
    asked_of: UUID
    days: int | None
    reason: str
    answer_by: datetime | None


class RequestAnswered(OrderEvent, tag="engagement_request_answered", frozen=True, kw_only=True):
    """What was asked by `asked_by` is over. `answered_by` None: by the rules."""

    request_id: UUID
    request: RequestKind
    asked_by: UUID
    asked_of: UUID
    status: RequestStatus
    answered_by: UUID | None


class CustomOfferMade(Struct, tag="custom_offer_made", frozen=True, kw_only=True):
    """To `to_id`, by the other side; `counter`: in answer to theirs. `price` in minor units."""

    offer_id: UUID
    title: str
    to_id: UUID
    price: int
    currency: str
    counter: bool
    expires_at: datetime


class CustomOfferAnswered(Struct, tag="custom_offer_answered", frozen=True, kw_only=True):
    """Told to `to_id`: its author, or whom it was made to where its author took it back. `order_id` where it was accepted."""

    offer_id: UUID
    title: str
    to_id: UUID
    price: int
    currency: str
    status: OfferStatus
    order_id: UUID | None


class MilestonesProposed(OrderEvent, tag="milestones_proposed", frozen=True, kw_only=True):
    """To `to_id`, by the other side: the plan, or a change of one that was agreed (`position`)."""

    to_id: UUID
    position: int | None = None


class MilestonesAgreedOn(OrderEvent, tag="milestones_agreed", frozen=True, kw_only=True):
    """With the other side; told to `to_id`, who had proposed it."""

    to_id: UUID
    position: int | None = None


class MilestoneSubmitted(OrderEvent, tag="milestone_submitted", frozen=True, kw_only=True):
    """The buyer has until `approve_by` to say something to it."""

    milestone_id: UUID
    position: int
    name: str
    approve_by: datetime


class MilestoneRejected(OrderEvent, tag="milestone_rejected", frozen=True, kw_only=True):
    milestone_id: UUID
    position: int
    name: str
    reason: str


class MilestoneApproved(OrderEvent, tag="milestone_approved", frozen=True, kw_only=True):
    """`amount` of it was released. `next_due`: what the buyer is to pay for the next one now."""

    milestone_id: UUID
    position: int
    name: str
    amount: int
    next_due: int | None
