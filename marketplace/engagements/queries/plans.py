"""The milestones of an order, read under its lock."""

from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.engagements.errors import MilestoneNotFound, MilestonesNotAgreed
from marketplace.engagements.queries.locking import SIDE
from marketplace.engagements.schemas.plans import LockedMilestone, LockedPlan
from marketplace.engagements.states import MilestoneStatus

COLUMNS: Final = ", ".join(LockedMilestone.__struct_fields__).replace("change,", "change::text AS change,")


async def read_plan(order_id: UUID) -> LockedPlan | None:
    """Of locked work. None where it is not done in milestones."""
    plan = await db.fetch_row(
        "SELECT id, proposed_by, one_by_one, agreed_at FROM milestone_plans WHERE id = $1", order_id
    )
    if plan is None:
        return None
    rows = await db.fetch(f"SELECT {COLUMNS} FROM milestones WHERE engagement = $1 ORDER BY position", order_id)
    milestones = [LockedMilestone(**{**row, "status": MilestoneStatus(row["status"])}) for row in rows]
    return LockedPlan(**plan, milestones=milestones)


async def read_agreed(order_id: UUID) -> LockedPlan | None:
    """The same, where both sides have agreed to it."""
    plan = await read_plan(order_id)
    return plan if plan is not None and plan.agreed_at is not None else None


async def get_agreed(order_id: UUID) -> LockedPlan:
    """Raises MilestonesNotAgreed."""
    plan = await read_agreed(order_id)
    if plan is None:
        raise MilestonesNotAgreed
    return plan


async def order_of_milestone(milestone_id: UUID, viewer_id: UUID) -> UUID:
    """Raises MilestoneNotFound, also for who is on neither side."""
    order_id: UUID | None = await db.fetch_val(
        f"SELECT m.engagement FROM milestones m WHERE m.id = $1 AND {SIDE.format('m')}", milestone_id, viewer_id
    )
    if order_id is None:
        raise MilestoneNotFound
    return order_id


async def checkout_of_milestone(milestone_id: UUID, buyer: UUID) -> UUID:
    """With which its buyer pays it, when its turn comes. Raises MilestoneNotFound."""
    found: UUID | None = await db.fetch_val(
        'SELECT coalesce(x.checkout, o.checkout) FROM milestones m JOIN orders o ON o.id = m.engagement '
        "JOIN milestone_plans p ON p.id = m.engagement "
        'LEFT JOIN order_parts x ON p.one_by_one AND x."order" = o.id AND x.position = m.position '
        "WHERE m.id = $1 AND o.buyer = $2",
        milestone_id, buyer,
    )  # fmt: skip
    if found is None:
        raise MilestoneNotFound
    return found
