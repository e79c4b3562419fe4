"""What happens to the milestones of locked work: by what their order goes through, and the one function that writes their status."""

from typing import Any, Final
from uuid import UUID

from msgspec import structs

from marketplace.core import clock, db, timers
from marketplace.engagements.errors import MilestoneNotNext
from marketplace.engagements.queries.locking import read_work
from marketplace.engagements.queries.plans import read_agreed, read_plan
from marketplace.engagements.schemas.plans import OVER, PAID, LockedMilestone, LockedPlan
from marketplace.engagements.schemas.work import LockedEngagement
from marketplace.engagements.service.clockwork import set_clock
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import MILESTONE, MilestoneStatus
from marketplace.orders.fulfilment import LockedOrder

REVIEW: Final = "engagements.milestone_review"
MAY_CHANGE: Final = frozenset({
    "title", "description", "amount_minor", "carried_minor", "released_minor", "returned_minor", "due_at", "message", "answer",
    "submitted_at", "approve_by", "paused_at", "approved_at", "change", "change_by", "position",
})  # fmt: skip


async def move(milestone: LockedMilestone, to: MilestoneStatus, /, **columns: Any) -> LockedMilestone:
    """Raises IllegalTransition that names both states."""
    MILESTONE.check(milestone.status, to)
    if milestone.approve_by is not None:
        await timers.cancel(REVIEW, milestone.id)
        columns = {"approve_by": None, "paused_at": None} | columns
    return await _write(milestone, {"status": to}, columns)


async def change(milestone: LockedMilestone, /, **columns: Any) -> LockedMilestone:
    """Anything but its status."""
    return await _write(milestone, {}, columns)


async def _write(milestone: LockedMilestone, status: dict[str, Any], columns: dict[str, Any]) -> LockedMilestone:
    if unknown := columns.keys() - MAY_CHANGE:
        raise ValueError(f"milestones have no {', '.join(sorted(unknown))} to change")
    values = {**status, **columns}
    places = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 3))
    await db.execute(
        f"UPDATE milestones SET updated_at = $2, {places} WHERE id = $1", milestone.id, clock.now(), *values.values()
    )
    known = milestone.__struct_fields__
    return structs.replace(milestone, **{name: value for name, value in values.items() if name in known})


def check_turn(plan: LockedPlan, milestone: LockedMilestone) -> None:
    """Raises MilestoneNotNext."""
    current = plan.current
    if milestone.status not in OVER and current is not None and current.id != milestone.id:
        raise MilestoneNotNext(next=current.position, status=current.status.value)


async def is_buyers_turn(order: LockedOrder, work: LockedEngagement, buyers: bool) -> None:
    """While a milestone waits for the buyer's word or money, the seller's clock stands."""
    if work.buyers_turn != buyers:
        work = await record(work, buyers_turn=buyers)
    await set_clock(order, work)


async def part_paid(order: LockedOrder, position: int) -> None:
    """Its money is in escrow: the work on it may begin."""
    plan = await read_agreed(order.id)
    if plan is None:
        return
    funded = next((one for one in plan.milestones if one.position == position), None)
    if funded is not None and funded.status is MilestoneStatus.PLANNED:
        await move(funded, MilestoneStatus.FUNDED)
        await is_buyers_turn(order, await read_work(order.id), False)


async def order_paid(order: LockedOrder) -> None:
    """The first milestone starts the order; one that was paid whole has none yet."""
    if order.in_parts:
        await part_paid(order, 1)


async def released(order: LockedOrder, minor: int) -> None:
    """So much more of the order is the seller's: of the milestones that were paid, the first that is not released yet comes first."""
    plan = await read_agreed(order.id)
    paid = [one for one in plan.milestones if one.status in PAID] if plan else []
    for one in paid:
        part = minor if one is paid[-1] else min(minor, one.amount_minor - one.released_minor)
        if part > 0:
            await change(one, released_minor=one.released_minor + part)
            minor -= part


async def handed_over(order: LockedOrder, message: str) -> None:
    """The delivery of the order is what its last milestone hands over. Raises MilestoneNotNext while there are others."""
    plan = await read_agreed(order.id)
    if plan is None:
        return
    check_turn(plan, plan.last)
    await move(plan.last, MilestoneStatus.SUBMITTED, submitted_at=clock.now(), message=message)


async def sent_back(order: LockedOrder, answer: str) -> None:
    """The delivery was not what was agreed, or is to be different."""
    plan = await read_agreed(order.id)
    if plan is not None and plan.last.status is MilestoneStatus.SUBMITTED:
        await move(plan.last, MilestoneStatus.FUNDED, answer=answer)


async def completed(order: LockedOrder) -> None:
    """All that was paid counts as approved; what was not is not done any more."""
    await _end(order.id, approved=True)


async def cancelled(order: LockedOrder) -> None:
    """What was approved stays so, with its money."""
    await _end(order.id, approved=False)


async def _end(order_id: UUID, *, approved: bool) -> None:
    plan = await read_plan(order_id)
    for one in plan.milestones if plan else ():
        if approved and one.status in PAID - OVER:
            await move(one, MilestoneStatus.APPROVED, approved_at=clock.now())
        elif one.status not in OVER:
            await move(one, MilestoneStatus.CANCELLED)


async def frozen_or_thawed(order: LockedOrder) -> None:
    """Nobody is silent while the order is frozen: the time to answer stands, and goes on with what was left of it."""
    plan = await read_agreed(order.id)
    now = clock.now()
    for one in plan.milestones if plan else ():
        if one.approve_by is None or (one.paused_at is not None) == order.frozen:
            continue
        if one.paused_at is None:
            await change(one, paused_at=now)
            await timers.cancel(REVIEW, one.id)
        else:
            approve_by = one.approve_by + (now - one.paused_at)
            await change(one, paused_at=None, approve_by=approve_by)
            await timers.schedule(REVIEW, one.id, approve_by)
