from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.engagements.states import DeliveryStatus, QuestionKind, RequestKind, RequestStatus


class Question(Struct, frozen=True, kw_only=True):
    """Something the seller must know before the work begins."""

    question: str
    kind: QuestionKind = QuestionKind.TEXT
    choices: list[str] = []
    is_required: bool = True


class LockedEngagement(Struct, frozen=True, kw_only=True):
    """The work under an order, which is locked. `id` is the order's."""

    id: UUID
    gig: UUID
    package: UUID | None
    offer: UUID | None
    delivery_days: int
    revisions_allowed: int | None
    revisions_used: int
    extended_days: int
    accept_by: datetime | None
    answered_at: datetime | None
    accepted_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    clock_stopped_at: datetime | None
    buyers_turn: bool
    late_at: datetime | None
    very_late_at: datetime | None


class LockedDelivery(Struct, frozen=True, kw_only=True):
    """A delivery of work that is locked."""

    id: UUID
    engagement: UUID
    version: int
    status: DeliveryStatus
    seen_at: datetime | None


class LockedRequest(Struct, frozen=True, kw_only=True):
    """What one side of locked work asks of the other."""

    id: UUID
    engagement: UUID
    kind: RequestKind
    asked_by: UUID
    days: int | None
    reason: str
    status: RequestStatus
    answer_by: datetime | None
    paused_at: datetime | None
