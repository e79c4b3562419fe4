"""What the buyer says to the latest delivery: that it is good, that it is not what was agreed, or what should be different.

A revision is one of those that were agreed. A rejection is none: it says that what came is not a delivery at all, and the
seller, who sees that otherwise, has the same ways out as with any other quarrel (a request to cancel, a dispute).
"""

from typing import Any
from uuid import UUID

from marketplace.core import db, outbox, timers
from marketplace.engagements.errors import DeliverySuperseded, RevisionsUsedUp
from marketplace.engagements.events import DeliveryRejected, RevisionRequested
from marketplace.engagements.queries.locking import latest_delivery, lock_bought, order_of_delivery
from marketplace.engagements.schemas.work import LockedDelivery, LockedEngagement
from marketplace.engagements.service import asking, milestone_moves
from marketplace.engagements.service.clockwork import set_clock
from marketplace.engagements.service.delivering import AUTO_COMPLETE, answer
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import DeliveryStatus, Gig
from marketplace.orders import telling
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service.completing import complete_locked
from marketplace.orders.service.moving import check, move
from marketplace.orders.service.releasing import check_not_frozen


async def accept(delivery_id: UUID, buyer: UUID) -> LockedOrder:
    """The order is complete: its escrow is released.

    Raises DeliveryNotFound, OnlyTheBuyer, DeliverySuperseded, IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        order, _, delivery = await _lock(delivery_id, buyer)
        return await complete_locked(order, buyer, f"Delivery {delivery.version} accepted")


async def reject(delivery_id: UUID, buyer: UUID, reason: str) -> LockedOrder:
    """It goes back to where it was before the delivery, with as much time as there was. Raises as `accept` does."""
    async with db.transaction():
        order, work, delivery = await _lock(delivery_id, buyer)
        to = Gig.IN_REVISION if work.revisions_used else Gig.IN_PROGRESS
        check(order, to)
        check_not_frozen(order)
        await answer(delivery, DeliveryStatus.REJECTED, reason)
        note = f"Delivery {delivery.version} rejected: {reason}"
        sent_back, work = await _send_back(order, work, to, buyer, note)
        await outbox.emit(DeliveryRejected(**_told(order, work, delivery), reason=reason))
        return sent_back


async def request_revision(delivery_id: UUID, buyer: UUID, wanted: str) -> LockedOrder:
    """One of the revisions that were agreed. Raises as `accept` does, and RevisionsUsedUp."""
    async with db.transaction():
        order, work, delivery = await _lock(delivery_id, buyer)
        check(order, Gig.IN_REVISION)
        check_not_frozen(order)
        limit = work.revisions_allowed
        if limit is not None and work.revisions_used >= limit:
            raise RevisionsUsedUp(limit=limit, used=work.revisions_used)
        await answer(delivery, DeliveryStatus.REVISION_REQUESTED, wanted)
        work = await record(work, revisions_used=work.revisions_used + 1)
        note = f"Revision {work.revisions_used} of delivery {delivery.version}: {wanted}"
        sent_back, work = await _send_back(order, work, Gig.IN_REVISION, buyer, note)
        await outbox.emit(RevisionRequested(**_told(order, work, delivery), reason=wanted))
        return sent_back


async def _lock(delivery_id: UUID, buyer: UUID) -> tuple[LockedOrder, LockedEngagement, LockedDelivery]:
    """Of the order's deliveries only the latest is to be decided about."""
    order, work = await lock_bought(await order_of_delivery(delivery_id, buyer), buyer)
    latest = await latest_delivery(order.id)
    assert latest is not None, "it has one"
    if latest.id != delivery_id:
        raise DeliverySuperseded(latest=str(latest.id), version=latest.version)
    return order, work, latest


async def _send_back(
    order: LockedOrder, work: LockedEngagement, to: Gig, buyer: UUID, note: str
) -> tuple[LockedOrder, LockedEngagement]:
    sent_back = await move(order, to, buyer, note, auto_complete_at=None)
    await timers.cancel(AUTO_COMPLETE, order.id)
    await milestone_moves.sent_back(order, note)
    work = await set_clock(sent_back, work)
    await asking.went_on(sent_back, buyer)
    return sent_back, work


def _told(order: LockedOrder, work: LockedEngagement, delivery: LockedDelivery) -> dict[str, Any]:
    return {**telling.of(order), "delivery_id": delivery.id, "version": delivery.version, "due_at": work.due_at}
