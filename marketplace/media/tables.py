from typing import Any

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.reference import LazyTableReference
from piccolo.table import Table

from marketplace.media.states import MediaKind, MediaState


class Media(Table, tablename="media"):
    """One uploaded file. `renditions` is what is served: [{"name", "key", "width", "height", "bytes"}], smallest first.

    `subject` is what it is attached to, in a table that its purpose tells; `loose` files were uploaded ahead and wait for one.
    """

    id = UUID(primary_key=True, default=None)
    owner: ForeignKey[Any] = ForeignKey(
        LazyTableReference("User", module_path="marketplace.accounts.tables"), null=False, on_delete=OnDelete.restrict
    )
    kind = Varchar(length=16, choices=MediaKind)
    purpose = Varchar(length=40)
    public = Boolean(default=False)
    state = Varchar(length=16, choices=MediaState, default=MediaState.RECEIVING)
    filename = Varchar(length=160, default="")
    received_type = Varchar(length=100, default="")
    byte_size = BigInt(default=0)
    sha256 = Varchar(length=64, default="")
    width = Integer(null=True, default=None)
    height = Integer(null=True, default=None)
    duration_ms = Integer(null=True, default=None)
    pages = Integer(null=True, default=None)
    renditions = JSONB(default="[]")
    reason = Text(default="")
    loose = Boolean(default=False)
    subject = UUID(null=True, default=None)
    position = SmallInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
