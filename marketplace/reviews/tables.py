from piccolo.columns import UUID, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.orders.tables import OrderLine
from marketplace.reviews.states import ReviewKind


class Review(Table, tablename="reviews"):
    """What a buyer says of what they bought. `subject` is a product's id, `seller` whose it is.

    A hidden one (`hidden_at`) is in no list and in no average. A reply is given once: `replied_at` stays when its text has gone.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=16, choices=ReviewKind)
    subject = UUID(default=None)
    order_line = ForeignKey(OrderLine, on_delete=OnDelete.restrict)
    author = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    seller = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    rating = SmallInt()
    title = Varchar(length=200)
    comment = Text()
    reply = Text(default="")
    replied_at = Timestamptz(null=True, default=None)
    hidden_at = Timestamptz(null=True, default=None)
    hidden_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    hidden_reason = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())
