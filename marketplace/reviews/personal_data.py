"""What reviews say of a person. At their erasure the texts go, the author's and the seller's; a rating stays in the average."""

from marketplace.accounts import privacy
from marketplace.accounts.events import UserErased
from marketplace.accounts.privacy import changing, rows
from marketplace.core import outbox
from marketplace.shop.freshness import products_changed

privacy.exporter(
    "reviews",
    rows(
        "SELECT id, kind, subject, order_line, rating, title, comment, hidden_reason, created_at FROM reviews "
        "WHERE author = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "review_replies",
    rows(
        "SELECT id, subject, reply, replied_at FROM reviews WHERE reviewee = $1 AND replied_at IS NOT NULL ORDER BY id"
    ),
)

privacy.eraser(
    "reviews",
    changing(
        "UPDATE reviews SET title = '', comment = '' WHERE author = $1",
        "UPDATE reviews SET reply = '' WHERE reviewee = $1 AND reply <> ''",
    ),
)


@outbox.on(UserErased)
async def drop_what_the_erased_wrote(_: UserErased) -> None:
    """Cached pages show it still."""
    products_changed()
