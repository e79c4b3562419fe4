"""Disputes as staff see and decide them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import AmountText, Currency
from marketplace.disputes.schemas.disputes import Words
from marketplace.disputes.states import DisputeStatus, Reason, Side
from marketplace.orders.schemas.orders import OrderParty


class ResolveDispute(Struct, kw_only=True, forbid_unknown_fields=True):
    """The two amounts sum to what is in escrow, to the cent. The reason both sides read."""

    buyer_amount: AmountText
    seller_amount: AmountText
    reason: Annotated[str, Meta(min_length=10, max_length=2000)]


class AskSide(Struct, kw_only=True, forbid_unknown_fields=True):
    side: Side
    message: Words
    days: Annotated[int, Meta(ge=1, le=30)] = 7


class ChangeDispute(Struct, kw_only=True, forbid_unknown_fields=True):
    """Any of these, in this order: take the case or (false) give it back, ask a side, decide."""

    take: bool | UnsetType = UNSET
    take_over: Annotated[bool, Meta(description="Also from the moderator who has it.")] = False
    ask: AskSide | UnsetType = UNSET
    decision: ResolveDispute | UnsetType = UNSET


class StaffMessage(Struct, kw_only=True, forbid_unknown_fields=True):
    message: Words
    internal: Annotated[bool, Meta(description="Only staff see it.")] = False


class StaffDisputeRow(Struct, frozen=True, kw_only=True):
    """A line of the queue. `awaits` names whose move it is, `overdue` that its time has passed."""

    id: UUID
    order_id: UUID
    order_number: str
    kind: str
    title: str
    status: DisputeStatus
    reason: Reason
    opened_by: Side
    awaits: str | None
    due_at: datetime | None
    overdue: bool
    held_amount: AmountText
    requested_amount: AmountText
    currency: Currency
    buyer: OrderParty
    seller: OrderParty
    assigned_to: OrderParty | None
    message_count: int
    created_at: datetime
    updated_at: datetime
