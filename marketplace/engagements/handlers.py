from marketplace.core import db, outbox
from marketplace.engagements.service.opening import KIND
from marketplace.gigs.service.ordering import note_completed, note_ordered
from marketplace.orders.events import OrderCompleted, OrderPaid


@outbox.on(OrderPaid)
async def count_as_ordered(event: OrderPaid) -> None:
    if event.kind == KIND:
        await note_ordered(await db.fetch_val("SELECT gig FROM engagements WHERE id = $1", event.order_id))


@outbox.on(OrderCompleted)
async def count_as_completed(event: OrderCompleted) -> None:
    if event.kind == KIND:
        await note_completed(await db.fetch_val("SELECT gig FROM engagements WHERE id = $1", event.order_id))
