from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import AmountText, Currency
from marketplace.engagements.states import MilestoneStatus
from marketplace.orders.schemas.orders import OrderRole

Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Description: TypeAlias = Annotated[str, Meta(max_length=5_000)]
Amount: TypeAlias = Annotated[AmountText, Meta(description="In the order's currency.", examples=["100.00"])]
DueAt: TypeAlias = Annotated[datetime, Meta(tz=True, description="When it should be done.")]


class CreateMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more, after those there are. Without an amount it takes all that is left of what the order costs."""

    title: Title
    description: Description = ""
    amount: Amount | None = None
    due_date: DueAt | None = None


class UpdateMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to have otherwise. Of what was agreed, the other side has to agree to it."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    due_date: DueAt | UnsetType | None = UNSET


class CompleteMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`message` is the seller's, with what they submit; `amount` the buyer's, to approve less: what is left rolls to the next."""

    message: Annotated[str, Meta(max_length=10_000)] = ""
    amount: Amount | None = None


class RejectMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=5_000, pattern=r"\S", description="Shown to the seller.")]


class MilestoneChange(Struct, frozen=True, kw_only=True):
    """What `by` wants of an agreed milestone; the other side accepts or declines it. What is not named stays."""

    by: OrderRole
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    amount: AmountText | UnsetType = UNSET
    due_date: datetime | UnsetType | None = UNSET


class MilestoneOut(Struct, frozen=True, kw_only=True):
    """Of `amount`, `carried_amount` was left of the one before; `amount_to_pay` is what the buyer pays for it when its turn comes.

    `checkout_id` shows to the buyer while it is due.
    """

    id: UUID
    order_id: UUID
    position: int
    title: str
    description: str
    status: MilestoneStatus
    amount: AmountText
    carried_amount: AmountText
    amount_to_pay: AmountText
    released_amount: AmountText
    is_due: bool
    checkout_id: UUID | None
    due_date: datetime | None
    message: str
    answer: str
    change: MilestoneChange | None
    submitted_at: datetime | None
    approved_by_silence_at: datetime | None
    approved_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MilestonesOut(Struct, frozen=True, kw_only=True):
    """How an order is done in milestones. `rest`: what of its total none has yet. `one_by_one`: each is paid when its turn comes."""

    order_id: UUID
    currency: Currency
    total_amount: AmountText
    rest: AmountText
    proposed_by: OrderRole | None
    agreed_at: datetime | None
    one_by_one: bool
    milestones: list[MilestoneOut]
