from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.accounts.states import ExportStatus


class ExportState(Struct, frozen=True, kw_only=True):
    """How far the copy of one's data is. `download_url` is for oneself only and works for five minutes; ask again for another."""

    id: UUID
    status: ExportStatus
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    size: Annotated[int, Meta(description="In bytes.")]
    download_url: str | None


class EraseAccount(Struct, kw_only=True, forbid_unknown_fields=True):
    """The account's password; an account without one must have signed in within the last ten minutes instead."""

    password: Annotated[str, Meta(max_length=512)] | None = None
