from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.orders.tables import Order, OrderLine
from marketplace.reviews.states import Level


class Review(Table, tablename="reviews"):
    """What one side of a completed order says. `kind` and `subject` are what it is about: a product, a gig, or a client.

    `author` speaks of `reviewee`: the buyer of whose it is, or of a client the seller. While it is blind (`blind_until`), its author
    alone sees it and it counts nowhere; `blind_until` is cleared when it begins to count, which may be a moment after its time.
    A hidden one (`hidden_at`) is in no list and in no rating. A reply is given once: `replied_at` stays when its text has gone.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=16)
    subject = UUID(default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    order_line = ForeignKey(OrderLine, on_delete=OnDelete.restrict)
    author = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    reviewee = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    rating = SmallInt()
    title = Varchar(length=200)
    comment = Text()
    reply = Text(default="")
    replied_at = Timestamptz(null=True, default=None)
    blind_until = Timestamptz(null=True, default=None)
    edited_at = Timestamptz(null=True, default=None)
    hidden_at = Timestamptz(null=True, default=None)
    hidden_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    hidden_reason = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())


class UserRating(Table, tablename="user_ratings"):
    """What a person was rated in sum and how often: by their buyers, and as a client. Moves with the reviews that count."""

    user = ForeignKey(User, primary_key=True, on_delete=OnDelete.restrict)
    seller_sum = Integer(default=0)
    seller_count = Integer(default=0)
    client_sum = Integer(default=0)
    client_count = Integer(default=0)


class SellerStanding(Table, tablename="seller_standings"):
    """A seller's record, worked out from their orders and ratings whenever one of these changes, and every night.

    Whoever has sold nothing has no row, and is `new`. Lists filter by level through the index on `(level, seller)`:
    `EXISTS (SELECT FROM seller_standings s WHERE s.seller = g.seller AND s.level = ANY({}))`, with `OR NOT EXISTS` of any row where
    `new` is among the wanted; they show `coalesce((SELECT s.level FROM seller_standings s WHERE s.seller = g.seller), 'new')`.

    `cancelled_orders` were cancelled by the seller or decided against them after they were paid; of `promised_orders` a date was
    promised, and `kept_orders` of these came in time. In `asked_orders` a buyer waited for a first answer, in `answered_orders`
    they had one, half of them within `response_minutes`. Figures with `year_` are of orders placed within a year before `computed_at`.
    """

    seller = ForeignKey(User, primary_key=True, on_delete=OnDelete.restrict)
    level = Varchar(length=8, choices=Level, default=Level.NEW)
    completed_orders = Integer(default=0)
    cancelled_orders = Integer(default=0)
    promised_orders = Integer(default=0)
    kept_orders = Integer(default=0)
    asked_orders = Integer(default=0)
    answered_orders = Integer(default=0)
    response_minutes = Integer(null=True, default=None)
    year_completed = Integer(default=0)
    year_refunded = Integer(default=0)
    computed_at = Timestamptz(default=TimestamptzNow())
