from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.engagements.states import RequestKind, RequestStatus
from marketplace.orders.schemas.orders import OrderRole

Why: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=2_000, pattern=r"\S", description="Shown to the other side.")
]


class AskExtension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    days: Annotated[int, Meta(ge=1, le=90)]
    reason: Why


class AskCancellation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Why


class DeclineRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message: Annotated[str, Meta(max_length=2_000)] = ""


class RequestOut(Struct, frozen=True, kw_only=True):
    """What one side asks of the other. `answer_by` is when silence agrees to a cancellation; it stands while the order is frozen."""

    id: UUID
    order_id: UUID
    kind: RequestKind
    asked_by: OrderRole
    is_mine: bool
    days: int | None
    reason: str
    status: RequestStatus
    answer: str | None
    by_silence: bool
    answer_by: datetime | None
    answered_at: datetime | None
    created_at: datetime
