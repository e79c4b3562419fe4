"""Before the work: its seller accepts the order, begins with it, or lets it go by."""

from datetime import timedelta
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.engagements.events import WorkAccepted, WorkStarted
from marketplace.engagements.queries.locking import lock_sold, lock_work, read_work
from marketplace.engagements.service.answering import check_answered
from marketplace.engagements.service.clockwork import set_clock
from marketplace.engagements.service.opening import GIVE_UP
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import Gig
from marketplace.orders import telling
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.service import cancelling
from marketplace.orders.service.moving import move

LOOK_AGAIN = timedelta(hours=1)


async def accept(order: LockedOrder, seller: UUID) -> LockedOrder:
    """A step of a locked order: from here on its days are counted. Raises RequirementsMissing."""
    await check_answered(order.id)
    work = await read_work(order.id)
    accepted, now = await move(order, Gig.ACCEPTED, seller, "Accepted"), clock.now()
    await timers.cancel(GIVE_UP, order.id)
    due_at = now + timedelta(days=work.delivery_days)
    await set_clock(accepted, await record(work, accepted_at=now, accept_by=None, due_at=due_at))
    await outbox.emit(WorkAccepted(**telling.of(order), due_at=due_at))
    return accepted


async def start(order: LockedOrder, seller: UUID) -> LockedOrder:
    """A step of a locked order."""
    work = await read_work(order.id)
    started = await move(order, Gig.IN_PROGRESS, seller, "Work started")
    await record(work, started_at=clock.now())
    assert work.due_at is not None, "it has been accepted"
    await outbox.emit(WorkStarted(**telling.of(order), due_at=work.due_at))
    return started


async def decline(order_id: UUID, seller: UUID, reason: str, *, request_id: UUID | None = None) -> LockedOrder:
    """Let it go as its seller, before it is accepted: it is cancelled, and paid back.

    Raises EngagementNotFound, OnlyTheSeller, IllegalTransition, CancelByAgreement, OrderFrozen.
    """
    async with db.transaction():
        order, _ = await lock_sold(order_id, seller)
        return await cancelling.cancel_locked(order, CancelledBy.SELLER, seller, reason, request_id=request_id)


async def give_up(order_id: UUID) -> None:
    """The time to accept has passed: it is cancelled, and paid back. Safe to repeat; a frozen order waits."""
    order, work = await lock_work(order_id)
    if order.status != Gig.AWAITING_REQUIREMENTS or work.accept_by is None:
        return
    due = work.accept_by if work.accept_by > clock.now() else clock.now() + LOOK_AGAIN if order.frozen else None
    if due is not None:
        await timers.schedule(GIVE_UP, order_id, due)
        return
    await cancelling.cancel_locked(order, CancelledBy.KIND, None, "Not accepted in time")
