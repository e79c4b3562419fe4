"""What reviews tell: whom a review speaks of, once it is public; its author of the reply."""

from uuid import UUID

from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.reviews.events import ReviewReplied, ReviewWritten


@on(ReviewWritten)
async def tell_of_review(event: ReviewWritten) -> None:
    details = Details(
        product_id=_product(event),
        review_id=event.review_id,
        order_id=event.order_id,
        title=event.name,
        count=event.rating,
    )
    kind = Kind.CLIENT_REVIEWED if event.kind == "client" else Kind.REVIEW_RECEIVED
    await notify(kind, details, [event.reviewee_id], key=f"review:{event.review_id}")


@on(ReviewReplied)
async def tell_of_reply(event: ReviewReplied) -> None:
    details = Details(product_id=_product(event), review_id=event.review_id, order_id=event.order_id, title=event.name)
    await notify(Kind.REVIEW_REPLIED, details, [event.author_id], key=f"review:{event.review_id}")


def _product(event: ReviewWritten | ReviewReplied) -> UUID | None:
    return event.subject_id if event.kind == "product" else None
