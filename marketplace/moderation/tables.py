from piccolo.columns import JSONB, UUID, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.moderation.states import CaseKind, CaseStatus


class ModerationCase(Table, tablename="moderation_cases"):
    """Something for a person to look at. While it is open the same thing adds to `times` and makes no second case."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=32, choices=CaseKind)
    status = Varchar(length=16, choices=CaseStatus, default=CaseStatus.OPEN, index=True)
    user = ForeignKey(User, on_delete=OnDelete.cascade, index=True)
    other_user = ForeignKey(User, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    object_type = Varchar(length=32, default="")
    object_id = UUID(null=True, default=None, index=True)
    details = JSONB(default="{}")
    times = Integer(default=1)
    created_at = Timestamptz(default=TimestamptzNow(), index=True)
    updated_at = Timestamptz(default=TimestamptzNow())
    decided_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    decision = Text(default="")
