"""The clock of the work. It runs from acceptance while it is the seller's turn, and stands otherwise. RULES: Orders, "Gig".

What is late is marked once, by a timer; 24 hours later it is very late, and the buyer may cancel alone.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, outbox, timers
from marketplace.engagements import rules
from marketplace.engagements.events import WorkLate
from marketplace.engagements.queries.locking import lock_work
from marketplace.engagements.schemas.work import LockedEngagement
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import WORKING
from marketplace.orders import telling
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.states import Phase

LATENESS: Final = "engagements.lateness"


def runs(order: LockedOrder, work: LockedEngagement) -> bool:
    return order.status in WORKING and not order.frozen and not work.buyers_turn


async def set_clock(order: LockedOrder, work: LockedEngagement) -> LockedEngagement:
    """Have the clock of locked work run or stand, as its order is now. Safe to repeat."""
    if work.due_at is None or order.phase is not Phase.OPEN:
        await timers.cancel(LATENESS, order.id)
        return work
    if not runs(order, work):
        await timers.cancel(LATENESS, order.id)
        return work if work.clock_stopped_at else await record(work, clock_stopped_at=clock.now())
    if work.clock_stopped_at is not None:
        stood = clock.now() - work.clock_stopped_at
        work = await record(work, due_at=work.due_at + stood, clock_stopped_at=None)
    await _watch(work)
    return work


async def _watch(work: LockedEngagement) -> None:
    """Have somebody look when it becomes late, and again when very late."""
    assert work.due_at is not None, "what is not accepted is not watched"
    if work.late_at is None:
        await timers.schedule(LATENESS, work.id, work.due_at)
    elif work.very_late_at is None:
        await timers.schedule(LATENESS, work.id, work.due_at + await very_late_after())


async def very_late_after() -> timedelta:
    return timedelta(hours=await rules.VERY_LATE_HOURS.value())


async def look(order_id: UUID) -> None:
    """Mark what has become late, or very late. Safe to repeat, and to come late: it looks at the present state first."""
    order, work = await lock_work(order_id)
    if not runs(order, work) or work.due_at is None:
        return
    await _watch(await mark(order, work))


async def mark(order: LockedOrder, work: LockedEngagement) -> LockedEngagement:
    """What locked work is by now; whoever does something with it that ends its turn asks first."""
    now, due_at = clock.now(), work.due_at
    if due_at is None or not runs(order, work):
        return work
    if work.late_at is None and now >= due_at:
        work = await record(work, late_at=now)
        await outbox.emit(WorkLate(**telling.of(order), due_at=due_at, very=False))
    if work.late_at is not None and work.very_late_at is None and now >= due_at + await very_late_after():
        work = await record(work, very_late_at=now)
        await outbox.emit(WorkLate(**telling.of(order), due_at=due_at, very=True))
    return work
