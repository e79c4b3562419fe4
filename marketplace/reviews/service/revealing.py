"""When reviews become public and count: both sides at once, when the second is in or the time of silence is over. RULES: Orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.orders import reviewing
from marketplace.orders.reviewing import Reviewed
from marketplace.reviews.events import ReviewWritten
from marketplace.reviews.queries.locking import lock_subjects, name_of
from marketplace.reviews.queries.purchases import lines_of
from marketplace.reviews.service import rating

TIMER: Final = "reviews.reveal"
"""Its key is the order's id."""
REVEAL: Final = """
UPDATE reviews SET blind_until = NULL WHERE "order" = $1 AND blind_until IS NOT NULL
RETURNING id, kind, subject, "order", author, reviewee, rating, hidden_at IS NOT NULL AS is_hidden
"""


async def begin(review: Mapping[str, Any], name: str) -> None:
    """A review counts from now on, and its reader may hear of it. What it is about is locked."""
    await rating.move(review["kind"], review["subject"], review["reviewee"], rating=review["rating"], count=1)
    await outbox.emit(
        ReviewWritten(
            review_id=review["id"], kind=review["kind"], subject_id=review["subject"], order_id=review["order"],
            author_id=review["author"], reviewee_id=review["reviewee"], name=name, rating=review["rating"],
        )
    )  # fmt: skip


async def reveal_locked(order_id: UUID, about: Mapping[UUID, Reviewed]) -> None:
    """All that was said of a locked order's two sides is public, and counts once."""
    found = await db.fetch(REVEAL, order_id)
    for row in sorted(found, key=lambda row: (row["reviewee"], row["id"])):
        if not row["is_hidden"]:
            await begin(row, name_of(row["kind"], row["subject"], about))


async def reveal(order_id: UUID) -> None:
    """The time of silence is over: everybody sees what was said already, and now it counts. Safe to repeat, early or late."""
    kind = await db.fetch_val("SELECT kind FROM orders WHERE id = $1", order_id)
    reviewable = reviewing.of_orders(kind)
    lines = await lines_of(reviewable, order_id) if reviewable else []
    if reviewable is None or not lines:
        return
    async with db.transaction():
        about = await lock_subjects(reviewable, order_id, lines[0].subject)
        due: datetime | None = await db.fetch_val(
            'SELECT min(blind_until) FROM reviews WHERE "order" = $1 AND blind_until IS NOT NULL', order_id
        )
        if due is None:
            return
        if due > clock.now():
            await timers.schedule(TIMER, order_id, due)
            return
        await reveal_locked(order_id, about)
