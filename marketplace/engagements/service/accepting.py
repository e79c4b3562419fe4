"""Before the work: its seller accepts the order, begins with it, or lets it go by."""

from datetime import timedelta
from uuid import UUID

from marketplace.core import clock, timers
from marketplace.engagements.queries.locking import lock_work, read_work
from marketplace.engagements.service.clockwork import set_clock
from marketplace.engagements.service.opening import GIVE_UP
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import Gig
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.service import cancelling
from marketplace.orders.service.moving import move

LOOK_AGAIN = timedelta(hours=1)


async def accept(order: LockedOrder, seller: UUID) -> LockedOrder:
    """A step of a locked order: from here on its days are counted."""
    work = await read_work(order.id)
    accepted, now = await move(order, Gig.ACCEPTED, seller, "Accepted"), clock.now()
    await timers.cancel(GIVE_UP, order.id)
    work = await record(work, accepted_at=now, accept_by=None, due_at=now + timedelta(days=work.delivery_days))
    await set_clock(accepted, work)
    return accepted


async def start(order: LockedOrder, seller: UUID) -> LockedOrder:
    """A step of a locked order."""
    work = await read_work(order.id)
    started = await move(order, Gig.IN_PROGRESS, seller, "Work started")
    await record(work, started_at=clock.now())
    return started


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
