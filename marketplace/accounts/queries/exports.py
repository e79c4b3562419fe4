from uuid import UUID

from marketplace.accounts.schemas.privacy import ExportState
from marketplace.accounts.states import ExportStatus
from marketplace.core import db, storage
from marketplace.core.errors import NotFound


async def get_export(user_id: UUID) -> ExportState:
    """The person's latest copy. Raises NotFound if none was asked for."""
    row = await db.fetch_row(
        "SELECT id, status, requested_at, ready_at, expires_at, size, storage_key FROM data_exports "
        'WHERE "user" = $1 ORDER BY id DESC LIMIT 1',
        user_id,
    )
    if row is None:
        raise NotFound("You have not asked for a copy of your data. POST here to do that.")
    ready = row["status"] == ExportStatus.READY
    return ExportState(
        id=row["id"],
        status=ExportStatus(row["status"]),
        requested_at=row["requested_at"],
        ready_at=row["ready_at"],
        expires_at=row["expires_at"],
        size=row["size"],
        download_url=storage.url(row["storage_key"], viewer_id=user_id, filename="my-data.zip") if ready else None,
    )
