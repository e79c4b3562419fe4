"""Doing a milestone: its seller submits it, its buyer approves it, and its money is released. RULES: Orders, "Gig".

What is left of one rolls to the next. The last one is handed over as the delivery of the order, and completes it.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import Money, to_minor
from marketplace.core.states import IllegalTransition
from marketplace.engagements import rules
from marketplace.engagements.errors import LastMilestoneWhole, MilestoneAmountRefused
from marketplace.engagements.events import MilestoneApproved, MilestoneRejected, MilestoneSubmitted
from marketplace.engagements.queries.locking import latest_delivery, lock_bought, lock_work, read_work
from marketplace.engagements.queries.plans import get_agreed, order_of_milestone
from marketplace.engagements.schemas.plans import LockedMilestone, LockedPlan
from marketplace.engagements.service import deciding, delivering, milestone_moves
from marketplace.engagements.service.clockwork import mark
from marketplace.engagements.service.milestone_moves import REVIEW, check_turn, is_buyers_turn, move
from marketplace.engagements.states import Gig, MilestoneStatus
from marketplace.orders import history, telling
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service import dividing
from marketplace.orders.service.releasing import check_not_frozen, release

AT_WORK: Final = frozenset({Gig.IN_PROGRESS, Gig.IN_REVISION})
MS = MilestoneStatus


async def complete(milestone_id: UUID, viewer_id: UUID, message: str, amount: str | None) -> None:
    """The seller submits it; the buyer approves it, or (unless it is the last) an `amount` of it.

    Raises MilestoneNotFound, MilestonesNotAgreed, MilestoneNotNext, IllegalTransition, OrderFrozen, MilestoneAmountRefused,
    LastMilestoneWhole, ValidationFailed.
    """
    async with db.transaction():
        order, _ = await lock_work(await order_of_milestone(milestone_id, viewer_id), viewer_id)
        plan = await get_agreed(order.id)
        milestone = plan.get(milestone_id)
        check_turn(plan, milestone)
        if viewer_id == order.seller:
            if amount is not None:
                raise ValidationFailed.of("amount", "How much of it is approved is for the buyer to say.")
            await _submit(order, plan, milestone, message)
        else:
            await _approve(order, plan, milestone, amount)


async def _submit(order: LockedOrder, plan: LockedPlan, milestone: LockedMilestone, message: str) -> None:
    _check(milestone, MS.FUNDED, MS.SUBMITTED)
    if milestone.id == plan.last.id:
        await delivering.submit(order.id, order.seller, message or milestone.title, [])
        return
    if order.status not in AT_WORK:
        raise IllegalTransition(
            f"Nothing is submitted while the order is {order.status}.",
            current=order.status, target=MS.SUBMITTED.value, allowed_from=sorted(AT_WORK),
        )  # fmt: skip
    check_not_frozen(order)
    work, now = await mark(order, await read_work(order.id)), clock.now()
    approve_by = now + timedelta(days=await rules.MILESTONE_REVIEW_DAYS.value())
    await move(milestone, MS.SUBMITTED, submitted_at=now, message=message, approve_by=approve_by)
    await timers.schedule(REVIEW, milestone.id, approve_by)
    await is_buyers_turn(order, work, True)
    await history.noted(order.id, order.status, order.seller, f"Milestone {milestone.position} submitted")
    await outbox.emit(
        MilestoneSubmitted(
            **telling.of(order), milestone_id=milestone.id, position=milestone.position, name=milestone.title,
            approve_by=approve_by,
        )
    )  # fmt: skip


async def _approve(order: LockedOrder, plan: LockedPlan, milestone: LockedMilestone, amount: str | None) -> None:
    _check(milestone, MS.SUBMITTED, MS.APPROVED)
    check_not_frozen(order)
    minor = milestone.amount_minor if amount is None else to_minor(amount, order.currency)
    if milestone.id == plan.last.id:
        if minor != milestone.amount_minor:
            raise LastMilestoneWhole(amount=Money(milestone.amount_minor, order.currency).text, currency=order.currency)
        delivery = await latest_delivery(order.id)
        assert delivery is not None, "it was handed over"
        await deciding.accept(delivery.id, order.buyer)
        return
    if not 0 < minor <= milestone.amount_minor:
        raise MilestoneAmountRefused(
            least=Money(1, order.currency).text, most=Money(milestone.amount_minor, order.currency).text,
            currency=order.currency,
        )  # fmt: skip
    await _release(order, plan, milestone, minor, order.buyer, "approved")


async def _release(
    order: LockedOrder, plan: LockedPlan, milestone: LockedMilestone, minor: int, actor: UUID | None, how: str
) -> None:
    """Approve so much of a milestone that is not the last; what is left of it rolls to the next.

    What a refund or a bank has taken from it meanwhile is not there to be released.
    """
    following, left = plan.after(milestone), milestone.amount_minor - minor
    there = min(minor, order.held_minor)
    milestone = await milestone_moves.change(
        milestone, amount_minor=there, carried_minor=min(milestone.carried_minor, there),
        returned_minor=milestone.returned_minor + minor - there,
    )  # fmt: skip
    if left:
        await milestone_moves.change(
            following, amount_minor=following.amount_minor + left, carried_minor=following.carried_minor + left
        )
    if there:
        order = await release(order, Money(there, order.currency), actor)
    await move(milestone, MS.APPROVED, approved_at=clock.now())
    due = await dividing.have_next_due(order) if plan.one_by_one else None
    await is_buyers_turn(order, await read_work(order.id), due is not None)
    paid = Money(there, order.currency)
    await history.noted(order.id, order.status, actor, f"Milestone {milestone.position} {how}: {paid} released")
    await outbox.emit(
        MilestoneApproved(
            **telling.of(order), milestone_id=milestone.id, position=milestone.position, name=milestone.title, amount=there,
            next_due=due.amount_minor if due else None,
        )
    )  # fmt: skip


async def reject(milestone_id: UUID, buyer: UUID, reason: str) -> None:
    """It is not what was agreed, and the work on it goes on.

    Raises MilestoneNotFound, OnlyTheBuyer, MilestonesNotAgreed, IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        order, work = await lock_bought(await order_of_milestone(milestone_id, buyer), buyer)
        plan = await get_agreed(order.id)
        milestone = plan.get(milestone_id)
        _check(milestone, MS.SUBMITTED, MS.FUNDED)
        check_not_frozen(order)
        if milestone.id == plan.last.id:
            delivery = await latest_delivery(order.id)
            assert delivery is not None, "it was handed over"
            await deciding.reject(delivery.id, buyer, reason)
            return
        await move(milestone, MS.FUNDED, answer=reason)
        await is_buyers_turn(order, work, False)
        await history.noted(order.id, order.status, buyer, f"Milestone {milestone.position} rejected: {reason}")
        await outbox.emit(
            MilestoneRejected(
                **telling.of(order), milestone_id=milestone.id, position=milestone.position, name=milestone.title, reason=reason
            )
        )  # fmt: skip


async def approve_by_silence(milestone_id: UUID) -> None:
    """The buyer's time to speak has passed. Safe to repeat; while the order is frozen nobody is silent."""
    async with db.transaction():
        order, _ = await lock_work(await db.fetch_val("SELECT engagement FROM milestones WHERE id = $1", milestone_id))
        plan = await get_agreed(order.id)
        milestone = plan.get(milestone_id)
        if milestone.status is not MS.SUBMITTED or milestone.approve_by is None or order.frozen:
            return
        if milestone.approve_by > clock.now():
            await timers.schedule(REVIEW, milestone.id, milestone.approve_by)
            return
        await _release(order, plan, milestone, milestone.amount_minor, None, "approved by silence")


def _check(milestone: LockedMilestone, status: MilestoneStatus, to: MilestoneStatus) -> None:
    """Raises IllegalTransition that names the states."""
    if milestone.status is not status:
        raise IllegalTransition(
            f"A milestone that is {milestone.status} cannot become {to}.",
            current=milestone.status.value, target=to.value, allowed_from=[status.value],
        )  # fmt: skip
