from piccolo.columns import UUID, BigInt, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.states import ExportStatus
from marketplace.accounts.tables.identity import User


class DataExport(Table, tablename="data_exports"):
    """A copy of everything held about a person, made by a job. At most one pending a user, by a partial unique index."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade, index=True)
    status = Varchar(length=16, choices=ExportStatus, default=ExportStatus.PENDING)
    storage_key = Varchar(length=200, default="")
    size = BigInt(default=0)
    requested_at = Timestamptz(default=TimestamptzNow())
    ready_at = Timestamptz(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)
