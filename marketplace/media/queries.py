from collections.abc import Iterable
from uuid import UUID

import msgspec
from asyncpg import Record

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.errors import NotFound
from marketplace.core.storage import ROUTE
from marketplace.media.schemas import MediaRecord, Rendition
from marketplace.media.states import MediaKind, MediaState

COLUMNS = "id, owner, kind, purpose, public, state, filename, byte_size, sha256, reason, created_at, renditions::text"


def record(row: Record) -> MediaRecord:
    return MediaRecord(
        id=row["id"], owner=row["owner"], kind=MediaKind(row["kind"]), purpose=row["purpose"], public=row["public"],
        state=MediaState(row["state"]), filename=row["filename"], byte_size=row["byte_size"], sha256=row["sha256"],
        reason=row["reason"], created_at=row["created_at"], renditions=msgspec.json.decode(row["renditions"], type=list[Rendition]),
    )  # fmt: skip


async def get_media(media_id: UUID) -> MediaRecord:
    """The file, unless it was removed. Raises NotFound. Whether the viewer may see it is the caller's question."""
    row = await db.fetch_row(f"SELECT {COLUMNS} FROM media WHERE id = $1 AND state <> 'removed'", media_id)  # noqa: S608
    if row is None:
        raise NotFound
    return record(row)


async def get_many(media_ids: Iterable[UUID]) -> dict[UUID, MediaRecord]:
    """Files by id; those that were removed are left out."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM media WHERE id = ANY($1::uuid[]) AND state <> 'removed'",  # noqa: S608
        list(media_ids),
    )
    return {row["id"]: record(row) for row in rows}


async def lock_media(media_id: UUID) -> MediaRecord:
    """For update. Raises NotFound."""
    row = await db.fetch_row(f"SELECT {COLUMNS} FROM media WHERE id = $1 FOR UPDATE", media_id)  # noqa: S608
    if row is None:
        raise NotFound
    return record(row)


_IMAGE_JSON = """
CASE WHEN {m}.state <> 'removed' THEN jsonb_build_object(
  'id', {m}.id, 'kind', {m}.kind, 'state', {m}.state, 'filename', {m}.filename, 'reason', {m}.reason,
  'url', '{base}/' || ({m}.renditions -> -1 ->> 'key'),
  'sizes', (SELECT coalesce(jsonb_object_agg(r ->> 'name', jsonb_build_object(
      'url', '{base}/' || (r ->> 'key'), 'width', r -> 'width', 'height', r -> 'height')), jsonb_build_object())
    FROM jsonb_array_elements({m}.renditions) AS r)) END
"""


def image_json(alias: str) -> str:
    """SQL for lists that come as JSON: the MediaOut of a *public* file joined as `alias`, null while there is none.

    `SELECT a.id, {image_json("m")} AS image FROM auctions a LEFT JOIN media m ON m.id = a.cover`
    """
    base = settings().media_url.rstrip("/") or ROUTE.rstrip("/")
    return _IMAGE_JSON.replace("{m}", alias).replace("{base}", base.replace("'", "''"))
