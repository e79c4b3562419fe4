from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.engagements.states import MilestoneStatus

OVER = frozenset({MilestoneStatus.APPROVED, MilestoneStatus.CANCELLED})
PAID = frozenset({MilestoneStatus.FUNDED, MilestoneStatus.SUBMITTED, MilestoneStatus.APPROVED})


class LockedMilestone(Struct, frozen=True, kw_only=True):
    """A milestone of locked work, in minor units of the order's currency. `change` is JSON."""

    id: UUID
    engagement: UUID
    position: int
    title: str
    description: str
    amount_minor: int
    carried_minor: int
    released_minor: int
    returned_minor: int
    status: MilestoneStatus
    due_at: datetime | None
    change: str | None
    change_by: UUID | None
    approve_by: datetime | None
    paused_at: datetime | None


class LockedPlan(Struct, frozen=True, kw_only=True):
    """What both sides have agreed on, or one has proposed. Its id is the order's."""

    id: UUID
    proposed_by: UUID
    one_by_one: bool
    agreed_at: datetime | None
    milestones: Sequence[LockedMilestone]

    @property
    def current(self) -> LockedMilestone | None:
        """The one whose turn it is."""
        return next((one for one in self.milestones if one.status not in OVER), None)

    @property
    def last(self) -> LockedMilestone:
        return self.milestones[-1]

    @property
    def sum_minor(self) -> int:
        return sum(one.amount_minor for one in self.milestones)

    def after(self, milestone: LockedMilestone) -> LockedMilestone:
        """The next one; there is one."""
        return next(one for one in self.milestones if one.position == milestone.position + 1)

    def get(self, milestone_id: UUID) -> LockedMilestone:
        return next(one for one in self.milestones if one.id == milestone_id)
