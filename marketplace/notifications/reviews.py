"""What reviews tell: the seller of a new one, its author of the reply."""

from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.reviews.events import ReviewReplied, ReviewWritten


@on(ReviewWritten)
async def tell_of_review(event: ReviewWritten) -> None:
    details = Details(product_id=event.product_id, title=event.name, count=event.rating)
    await notify(Kind.REVIEW_RECEIVED, details, [event.seller_id], key=f"review:{event.review_id}")


@on(ReviewReplied)
async def tell_of_reply(event: ReviewReplied) -> None:
    details = Details(product_id=event.product_id, title=event.name)
    await notify(Kind.REVIEW_REPLIED, details, [event.author_id], key=f"review:{event.review_id}")
