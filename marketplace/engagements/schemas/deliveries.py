from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.engagements.states import DeliveryStatus
from marketplace.media.schemas import MediaOut
from marketplace.orders.schemas.orders import OrderRole

Message: TypeAlias = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=r"\S")]
Wanted: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=5_000, pattern=r"\S", description="Shown to the seller.")
]


class SubmitDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files were uploaded ahead for `delivery` (`POST /media/`)."""

    message: Message
    file_ids: Annotated[list[UUID], Meta(max_length=20)] = []


class UpdateDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message: Message


class RejectDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Wanted


class RequestRevision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What should be different."""

    message: Wanted


class HandedOver(Struct, frozen=True, kw_only=True):
    """A file as it was when it was handed over. The hash is of what was sent."""

    id: UUID
    name: str
    bytes: int
    sha256: str


class DeliveryOut(Struct, frozen=True, kw_only=True):
    """`answer` is what the buyer said to it. `accepted_by_silence_at` is when that of the latest one counts as yes.

    `handed_over` says for good what was delivered; `files` are those that are there, with links for you alone, for five minutes.
    """

    id: UUID
    order_id: UUID
    role: OrderRole
    version: int
    is_latest: bool
    status: DeliveryStatus
    message: str
    answer: str | None
    handed_over: list[HandedOver]
    files: list[MediaOut]
    accepted_by_silence_at: datetime | None
    seen_at: datetime | None
    answered_at: datetime | None
    created_at: datetime
    updated_at: datetime
