from uuid import UUID

from marketplace.core import db, outbox
from marketplace.engagements.queries.plans import checkout_of_milestone
from marketplace.engagements.service.opening import KIND
from marketplace.gigs.service.ordering import note_completed, note_ordered
from marketplace.orders.events import OrderCompleted, OrderPaid
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments import payables
from marketplace.payments.payables import Payee


async def by_milestone(viewer_id: UUID, milestone_id: UUID) -> Payee:
    return Payee(PURPOSE, await checkout_of_milestone(milestone_id, viewer_id))


payables.alias("milestone_id", by_milestone)


@outbox.on(OrderPaid)
async def count_as_ordered(event: OrderPaid) -> None:
    if event.kind == KIND:
        await note_ordered(await db.fetch_val("SELECT gig FROM engagements WHERE id = $1", event.order_id))


@outbox.on(OrderCompleted)
async def count_as_completed(event: OrderCompleted) -> None:
    if event.kind == KIND:
        await note_completed(await db.fetch_val("SELECT gig FROM engagements WHERE id = $1", event.order_id))
