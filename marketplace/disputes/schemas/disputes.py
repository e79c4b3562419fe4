"""Disputes as their sides see them. Amounts are decimal text in the order's currency."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import AmountText, Currency
from marketplace.disputes.states import DisputeStatus, How, ProposalStatus, Reason, Side
from marketplace.media.schemas import MediaOut
from marketplace.orders.schemas.orders import OrderActor, OrderParty

Description = Annotated[str, Meta(min_length=20, max_length=5000, description="What happened, and what you want.")]
Words = Annotated[str, Meta(min_length=1, max_length=5000)]
Note = Annotated[str, Meta(max_length=1000)]
Wanted = Annotated[
    AmountText | None,
    Meta(description="What the buyer should get back; everything for a buyer, nothing for a seller who says nothing."),
]


Attachments = Annotated[
    list[UUID], Meta(max_length=20, description="Files uploaded before for the purpose `evidence`, by their ids.")
]


class OpenDispute(Struct, kw_only=True, forbid_unknown_fields=True):
    reason: Reason
    description: Description
    requested_amount: Wanted = None
    evidence: Attachments = []


class UpdateDispute(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    reason: Reason | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    requested_amount: AmountText | UnsetType = UNSET


class Noted(Struct, kw_only=True, forbid_unknown_fields=True):
    note: Note = ""


class SayInDispute(Struct, kw_only=True, forbid_unknown_fields=True):
    message: Words
    evidence: Attachments = []


class ProposeSplit(Struct, kw_only=True, forbid_unknown_fields=True):
    """The seller gets the rest of what is in escrow."""

    buyer_amount: AmountText
    message: Annotated[str, Meta(max_length=2000)] = ""


class AppealDecision(Struct, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=20, max_length=2000)]


class DisputeMessageOut(Struct, frozen=True, kw_only=True):
    id: UUID
    by: OrderActor
    username: str
    message: str
    is_internal: Annotated[bool, Meta(description="Among staff.")]
    created_at: datetime


class DisputeProposalOut(Struct, frozen=True, kw_only=True):
    id: UUID
    by: Side
    buyer_amount: AmountText
    seller_amount: AmountText
    message: str
    status: ProposalStatus
    created_at: datetime
    answered_at: datetime | None


class DisputeDecisionOut(Struct, frozen=True, kw_only=True):
    """`is_final`: it cannot be appealed. `evidence_sha256` is the hash of the evidence it was made on."""

    how: How
    buyer_amount: AmountText
    seller_amount: AmountText
    reason: str
    is_final: bool
    evidence_sha256: str
    created_at: datetime


class DisputeHistoryLine(Struct, frozen=True, kw_only=True):
    status: DisputeStatus
    note: str
    by: OrderActor
    created_at: datetime


class DisputeEvidence(Struct, frozen=True, kw_only=True):
    """A file that a side shows. `sha256` is of the bytes as they were sent."""

    by: OrderActor
    sha256: str
    file: MediaOut
    created_at: datetime


class DisputeOrder(Struct, frozen=True, kw_only=True):
    id: UUID
    order_number: str
    kind: str
    title: str
    status: str
    total_amount: AmountText
    held_amount: Annotated[AmountText, Meta(description="In escrow now: what there is to divide.")]


class DisputeCard(Struct, frozen=True, kw_only=True):
    """`role` is the viewer's in it, `awaits` whose word is awaited until `due_at`."""

    id: UUID
    role: Side
    opened_by: Side
    reason: Reason
    status: DisputeStatus
    awaits: str | None
    due_at: datetime | None
    requested_amount: AmountText
    currency: Currency
    order: DisputeOrder
    created_at: datetime
    updated_at: datetime


class DisputeOut(Struct, frozen=True, kw_only=True):
    """One dispute, whole. Of a decided one `due_at` is when the money moves, unless somebody appeals before."""

    id: UUID
    role: Side
    opened_by: Side
    reason: Reason
    description: str
    status: DisputeStatus
    awaits: str | None
    due_at: datetime | None
    requested_amount: AmountText
    currency: Currency
    order: DisputeOrder
    buyer: OrderParty
    seller: OrderParty
    messages: list[DisputeMessageOut]
    evidence: list[DisputeEvidence] = []
    proposals: list[DisputeProposalOut]
    decisions: list[DisputeDecisionOut]
    appealed_by: Side | None
    appeal_reason: str | None
    history: list[DisputeHistoryLine]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
