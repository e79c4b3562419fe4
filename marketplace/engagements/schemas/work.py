from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.engagements.states import QuestionKind


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
    late_at: datetime | None
    very_late_at: datetime | None
