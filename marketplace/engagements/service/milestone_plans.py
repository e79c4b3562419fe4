"""What is done in milestones, and for how much each: proposed by one side, agreed to by the other. RULES: Orders, "Gig".

While the order is unpaid, agreeing has it paid one milestone after the other; once it was paid whole, they are only released so.
What has been agreed is changed one by one, each with the other side's consent.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from marketplace.core import clock, db, outbox, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, to_minor
from marketplace.core.states import IllegalTransition
from marketplace.engagements import rules
from marketplace.engagements.errors import (
    LastTakesTheRest,
    MilestoneAmountRefused,
    MilestoneFunded,
    MilestoneNotFound,
    MilestonesAgreed,
    MilestonesIncomplete,
    MilestonesNotAgreed,
    NothingChanged,
    OnlyTheOtherSide,
    TooManyMilestones,
)
from marketplace.engagements.events import MilestonesAgreedOn, MilestonesProposed
from marketplace.engagements.queries.locking import lock_work
from marketplace.engagements.queries.plans import order_of_milestone, read_plan
from marketplace.engagements.schemas.plans import LockedMilestone, LockedPlan
from marketplace.engagements.service import milestone_moves
from marketplace.engagements.service.milestone_moves import move
from marketplace.engagements.states import Gig, MilestoneStatus
from marketplace.orders import history, telling
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service import dividing, moving, paying_back
from marketplace.orders.service.dividing import Planned
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Phase

MOST: Final = 20
LONGEST: Final = timedelta(days=3 * 365)
PLANNABLE: Final = frozenset(
    {Gig.PENDING_PAYMENT, Gig.AWAITING_REQUIREMENTS, Gig.ACCEPTED, Gig.IN_PROGRESS, Gig.IN_REVISION}
)
ADD: Final = """
INSERT INTO milestones (id, engagement, position, title, description, amount_minor, carried_minor, released_minor, returned_minor,
  status, due_at, message, answer, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 'proposed', $7, '', '', $8, $8)
"""
MS = MilestoneStatus


class Wanted(Struct, frozen=True, kw_only=True):
    """What to have otherwise; UNSET stays as it is. The amount as text, in the order's currency."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    amount: str | UnsetType = UNSET
    due_at: datetime | UnsetType | None = UNSET


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The same, as it is kept until the other side has agreed."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    amount_minor: int | UnsetType = UNSET
    due_at: datetime | UnsetType | None = UNSET

    @property
    def columns(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in named.items() if value is not UNSET}


async def propose(
    order_id: UUID, viewer_id: UUID, title: str, description: str, amount: str | None, due_at: datetime | None
) -> UUID:
    """One more milestone, by either side, after those that are proposed already. Without an amount it takes the rest.

    Raises EngagementNotFound, MilestonesAgreed, TooManyMilestones, MilestoneAmountRefused, ValidationFailed naming `due_date`,
    IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        order, _ = await lock_work(order_id, viewer_id)
        _check_plannable(order)
        plan = await read_plan(order_id)
        if plan is not None and plan.agreed_at is not None:
            raise MilestonesAgreed
        known = plan.milestones if plan else ()
        if len(known) == MOST:
            raise TooManyMilestones(limit=MOST)
        rest = order.total_minor - sum(one.amount_minor for one in known)
        minor = rest if amount is None else to_minor(amount, order.currency)
        _check_within(order, minor, rest)
        _check_ahead(due_at)
        await _propose_by(order, plan, viewer_id)
        milestone_id = uuid7()
        await db.execute(ADD, milestone_id, order_id, len(known) + 1, title, description, minor, due_at, clock.now())
        if plan is None:
            await _wait_for_agreement(order)
        await _tell_proposed(order, viewer_id, None)
        return milestone_id


def _check_plannable(order: LockedOrder) -> None:
    """Raises IllegalTransition that names from where milestones may be planned, OrderFrozen."""
    check_not_frozen(order)
    untouched = order.phase is Phase.UNPAID or (
        order.captured_minor == order.total_minor and not order.released_minor and not order.refunded_minor
    )
    if order.status not in PLANNABLE or not untouched:
        raise IllegalTransition(
            "Milestones are planned before the order is paid, or as long as all that was paid is in escrow.",
            current=order.status, target="milestones", allowed_from=sorted(PLANNABLE),
        )  # fmt: skip


def _check_within(order: LockedOrder, minor: int, most: int, least: int = 1) -> None:
    if not least <= minor <= most:
        raise MilestoneAmountRefused(
            fields={"amount": [MilestoneAmountRefused.default_message]}, currency=order.currency,
            least=Money(least, order.currency).text, most=Money(max(most, 0), order.currency).text,
        )  # fmt: skip


def _check_ahead(due_at: datetime | None) -> None:
    """Raises ValidationFailed naming `due_date`."""
    now = clock.now()
    if due_at is not None and not now < due_at < now + LONGEST:
        raise ValidationFailed.of("due_date", f"Must lie ahead, and within {LONGEST.days} days.")


async def _propose_by(order: LockedOrder, plan: LockedPlan | None, viewer_id: UUID) -> None:
    """Whoever changes what is proposed has made it theirs: the other side is to agree."""
    if plan is None:
        await db.execute(
            "INSERT INTO milestone_plans (id, proposed_by, one_by_one, created_at) VALUES ($1, $2, false, $3)",
            order.id, viewer_id, clock.now(),
        )  # fmt: skip
    elif plan.proposed_by != viewer_id:
        await db.execute("UPDATE milestone_plans SET proposed_by = $2 WHERE id = $1", order.id, viewer_id)


async def _wait_for_agreement(order: LockedOrder) -> None:
    """An unpaid order is not given up while its sides talk about it."""
    if order.phase is Phase.UNPAID and order.expires_at is not None:
        until = max(order.expires_at, clock.now() + timedelta(hours=await rules.MILESTONE_PLAN_HOURS.value()))
        await moving.change(order, expires_at=until)
        await timers.schedule("orders.expiry", order.id, until)


async def agree(order_id: UUID, viewer_id: UUID) -> None:
    """By the side that did not propose it.

    Raises EngagementNotFound, MilestonesNotAgreed where nothing is proposed, MilestonesAgreed, OnlyTheOtherSide,
    MilestonesIncomplete, IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        order, _ = await lock_work(order_id, viewer_id)
        plan = await read_plan(order_id)
        if plan is None:
            raise MilestonesNotAgreed
        if plan.agreed_at is not None:
            raise MilestonesAgreed
        _check_plannable(order)
        if plan.sum_minor != order.total_minor:
            raise MilestonesIncomplete(
                rest=Money(order.total_minor - plan.sum_minor, order.currency).text, currency=order.currency
            )
        if plan.proposed_by == viewer_id:
            raise OnlyTheOtherSide
        one_by_one = order.phase is Phase.UNPAID
        if one_by_one:
            await _wait_for_agreement(order)
            await dividing.divide(order, [Planned(one.title, one.amount_minor) for one in plan.milestones])
        else:
            await dividing.release_in_parts(order)
        await db.execute(
            "UPDATE milestone_plans SET agreed_at = $2, one_by_one = $3 WHERE id = $1",
            order_id,
            clock.now(),
            one_by_one,
        )
        for one in plan.milestones:
            await move(one, MS.PLANNED if one_by_one else MS.FUNDED)
        await history.noted(order.id, order.status, viewer_id, f"{len(plan.milestones)} milestones agreed")
        await outbox.emit(MilestonesAgreedOn(**telling.of(order), to_id=plan.proposed_by))


async def update(milestone_id: UUID, viewer_id: UUID, wanted: Wanted) -> None:
    """Change what is proposed; of what was agreed, and is not done, ask the other side for a change.

    Raises MilestoneNotFound, MilestoneAmountRefused, ValidationFailed naming `due_date`, MilestoneFunded, LastTakesTheRest,
    IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        order, plan, milestone = await _lock(milestone_id, viewer_id)
        check_not_frozen(order)
        amount = UNSET if wanted.amount is UNSET else to_minor(wanted.amount, order.currency)
        if wanted.due_at is not UNSET:
            _check_ahead(wanted.due_at)
        change = Change(title=wanted.title, description=wanted.description, due_at=wanted.due_at, amount_minor=amount)
        if plan.agreed_at is None:
            _check_plannable(order)
            if amount is not UNSET:
                _check_within(order, amount, order.total_minor - plan.sum_minor + milestone.amount_minor)
            if change.columns:
                await milestone_moves.change(milestone, **change.columns)
            await _propose_by(order, plan, viewer_id)
            await _tell_proposed(order, viewer_id, None)
            return
        _check_change(order, plan, milestone, change)
        await milestone_moves.change(milestone, change=msgspec.json.encode(change).decode(), change_by=viewer_id)
        await history.noted(order.id, order.status, viewer_id, f"A change of milestone {milestone.position} proposed")
        await _tell_proposed(order, viewer_id, milestone.position)


def _check_change(order: LockedOrder, plan: LockedPlan, milestone: LockedMilestone, change: Change) -> None:
    """Whether this may be agreed on as things stand."""
    if milestone.status not in (MS.PLANNED, MS.FUNDED):
        raise IllegalTransition(
            f"A milestone that is {milestone.status} is not changed any more.",
            current=milestone.status.value, target="changed", allowed_from=[MS.PLANNED.value, MS.FUNDED.value],
        )  # fmt: skip
    if change.amount_minor is UNSET or change.amount_minor == milestone.amount_minor:
        return
    last = plan.last
    if milestone.status is MS.FUNDED:
        if milestone.id != last.id:
            raise MilestoneFunded
        _check_within(order, change.amount_minor, min(milestone.amount_minor, order.held_minor))
        return
    if milestone.id == last.id:
        raise LastTakesTheRest
    spare = last.amount_minor - last.carried_minor - 1
    _check_within(order, change.amount_minor, milestone.amount_minor + spare, milestone.carried_minor + 1)


async def accept_change(milestone_id: UUID, viewer_id: UUID) -> None:
    """Agree to what the other side wants of it. What the last one costs less goes back to the buyer.

    Raises MilestoneNotFound, NothingChanged, OnlyTheOtherSide, and as `update` does where things have moved on.
    """
    async with db.transaction():
        order, plan, milestone = await _lock(milestone_id, viewer_id)
        if milestone.change is None:
            raise NothingChanged
        if milestone.change_by == viewer_id:
            raise OnlyTheOtherSide
        check_not_frozen(order)
        change = msgspec.json.decode(milestone.change, type=Change)
        _check_change(order, plan, milestone, change)
        proposer = milestone.change_by
        assert proposer is not None, "somebody wanted it"
        less = 0 if change.amount_minor is UNSET else milestone.amount_minor - change.amount_minor
        milestone = await milestone_moves.change(milestone, **change.columns, change=None, change_by=None)
        if less and milestone.status is MS.FUNDED:
            await milestone_moves.change(milestone, returned_minor=milestone.returned_minor + less)
            await paying_back.give(order, less, viewer_id, f"Milestone {milestone.position} costs less")
        elif less:
            await milestone_moves.change(plan.last, amount_minor=plan.last.amount_minor + less)
        await _divide_again(order)
        await history.noted(
            order.id, order.status, viewer_id, f"The change of milestone {milestone.position} was agreed"
        )
        await outbox.emit(MilestonesAgreedOn(**telling.of(order), to_id=proposer, position=milestone.position))


async def _divide_again(order: LockedOrder) -> None:
    """What is still to be paid follows what has been agreed."""
    plan = await read_plan(order.id)
    assert plan is not None, "it was agreed"
    waiting = [one for one in plan.milestones if one.status is MS.PLANNED]
    if plan.one_by_one and waiting:
        await dividing.divide(order, [Planned(one.title, one.amount_minor - one.carried_minor) for one in waiting])


async def decline_change(milestone_id: UUID, viewer_id: UUID) -> None:
    """It stays as it was agreed: said by the other side, or by who asked. Raises MilestoneNotFound, NothingChanged."""
    async with db.transaction():
        order, _, milestone = await _lock(milestone_id, viewer_id)
        if milestone.change is None:
            raise NothingChanged
        await milestone_moves.change(milestone, change=None, change_by=None)
        await history.noted(order.id, order.status, viewer_id, f"Milestone {milestone.position} stays as it was agreed")


async def remove(milestone_id: UUID, viewer_id: UUID) -> None:
    """One that is only proposed. Raises MilestoneNotFound, MilestonesAgreed, IllegalTransition, OrderFrozen."""
    async with db.transaction():
        order, plan, milestone = await _lock(milestone_id, viewer_id)
        if plan.agreed_at is not None:
            raise MilestonesAgreed
        _check_plannable(order)
        await db.execute("DELETE FROM milestones WHERE id = $1", milestone.id)
        for later in plan.milestones[milestone.position :]:
            await milestone_moves.change(later, position=later.position - 1)
        if len(plan.milestones) == 1:
            await db.execute("DELETE FROM milestone_plans WHERE id = $1", order.id)
        else:
            await _propose_by(order, plan, viewer_id)
        await _tell_proposed(order, viewer_id, None)


async def _lock(milestone_id: UUID, viewer_id: UUID) -> tuple[LockedOrder, LockedPlan, LockedMilestone]:
    order, _ = await lock_work(await order_of_milestone(milestone_id, viewer_id), viewer_id)
    plan = await read_plan(order.id)
    if plan is None or all(one.id != milestone_id for one in plan.milestones):
        raise MilestoneNotFound  # it was removed meanwhile
    return order, plan, plan.get(milestone_id)


async def _tell_proposed(order: LockedOrder, viewer_id: UUID, position: int | None) -> None:
    other = order.seller if viewer_id == order.buyer else order.buyer
    await outbox.emit(MilestonesProposed(**telling.of(order), to_id=other, position=position))
