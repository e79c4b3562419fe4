"""What reviews say of a person. At their erasure the texts go, the author's and the seller's; a rating stays in the average."""

from marketplace.accounts import privacy
from marketplace.accounts.events import UserErased
from marketplace.accounts.privacy import changing, rows
from marketplace.core import outbox
from marketplace.shop.freshness import products_changed

privacy.exporter(
    "reviews",
    rows(
        'SELECT id, kind, subject, "order", order_line, rating, title, comment, blind_until, edited_at, hidden_reason, created_at '
        "FROM reviews WHERE author = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "review_replies",
    rows(
        "SELECT id, subject, reply, replied_at FROM reviews WHERE reviewee = $1 AND replied_at IS NOT NULL ORDER BY id"
    ),
)
privacy.exporter(
    "ratings",
    rows('SELECT seller_sum, seller_count, client_sum, client_count FROM user_ratings WHERE "user" = $1'),
)
privacy.exporter(
    "seller_standing",
    rows(
        "SELECT level, completed_orders, cancelled_orders, promised_orders, kept_orders, asked_orders, answered_orders, "
        "response_minutes, year_completed, year_refunded, computed_at FROM seller_standings WHERE seller = $1"
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
