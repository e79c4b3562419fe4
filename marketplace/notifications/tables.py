from piccolo.columns import JSONB, UUID, BigSerial, Boolean, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.notifications.kinds import Kind


class Notification(Table, tablename="notifications"):
    """A line in an inbox. Its words are made when it is read, in the reader's language, from `details`.

    While it is unread, more of the same (`dedupe_key`) joins it: `occurrences` grows and `happened_at` moves, so that a
    hot auction is one line.
    """

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.cascade)
    type = Varchar(length=40, choices=Kind)
    details = JSONB(default="{}")
    dedupe_key = Varchar(length=120, default="")
    occurrences = Integer(default=1)
    created_at = Timestamptz(default=TimestamptzNow())
    happened_at = Timestamptz(default=TimestamptzNow())
    read_at = Timestamptz(null=True, default=None)


class NotificationSetting(Table, tablename="notification_settings"):
    """What a person wants of one type; NULL is the type's default."""

    id = BigSerial(primary_key=True)
    user = ForeignKey(User, on_delete=OnDelete.cascade)
    type = Varchar(length=40, choices=Kind)
    in_app = Boolean(null=True, default=None)
    email = Boolean(null=True, default=None)
    live = Boolean(null=True, default=None)
