from piccolo.columns import UUID, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.states import DocumentSide, DocumentType, VerificationStatus
from marketplace.accounts.tables.identity import User
from marketplace.media.tables import Media


class IdentityCheck(Table, tablename="identity_checks"):
    """One request to have an identity verified. At most one pending or approved a user, by a partial unique index."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade, index=True)
    document_type = Varchar(length=24, choices=DocumentType)
    country_code = Varchar(length=2, default="")
    status = Varchar(length=16, choices=VerificationStatus, default=VerificationStatus.PENDING)
    reason = Text(default="")
    submitted_at = Timestamptz(default=TimestamptzNow())
    decided_at = Timestamptz(null=True, default=None)
    decided_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.set_null, index=True)


class IdentityDocument(Table, tablename="identity_documents"):
    """A private picture or PDF of a check; only its owner and staff get a short-lived link to it."""

    id = UUID(primary_key=True, default=None)
    check_id = ForeignKey(IdentityCheck, null=False, on_delete=OnDelete.cascade, index=True)
    side = Varchar(length=16, choices=DocumentSide)
    media = ForeignKey(Media, null=False, on_delete=OnDelete.restrict, unique=True)
    created_at = Timestamptz(default=TimestamptzNow())


class IdentityCheckMove(Table, tablename="identity_check_moves"):
    """Append-only history of a check: who moved it, when, why."""

    id = UUID(primary_key=True, default=None)
    check_id = ForeignKey(IdentityCheck, null=False, on_delete=OnDelete.cascade, index=True)
    status = Varchar(length=16, choices=VerificationStatus)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())
