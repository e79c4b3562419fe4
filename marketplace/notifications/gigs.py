"""What gigs tell their sellers: what staff decided."""

from marketplace.core.outbox import on
from marketplace.gigs.events import GigPublished, GigRejected
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify


@on(GigPublished)
async def tell_of_approval(event: GigPublished) -> None:
    if event.approved:
        details = Details(gig_id=event.gig_id, title=event.title)
        await notify(Kind.GIG_APPROVED, details, [event.seller_id])


@on(GigRejected)
async def tell_of_rejection(event: GigRejected) -> None:
    details = Details(gig_id=event.gig_id, title=event.title, reason=event.reason)
    await notify(Kind.GIG_REJECTED, details, [event.seller_id])
