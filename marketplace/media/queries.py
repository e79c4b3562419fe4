from collections.abc import Iterable
from uuid import UUID

import msgspec
from asyncpg import Record

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.errors import NotFound
from marketplace.core.storage import ROUTE
from marketplace.media import purposes
from marketplace.media.purposes import Purpose
from marketplace.media.schemas import MediaOut, MediaRecord, Rendition, media_out
from marketplace.media.states import MediaKind, MediaState

_PLAIN = tuple(field for field in MediaRecord.__struct_fields__ if field not in {"kind", "state", "renditions"})
COLUMNS = ", ".join((*_PLAIN, "kind", "state", "renditions::text"))


def record(row: Record) -> MediaRecord:
    return MediaRecord(
        kind=MediaKind(row["kind"]),
        state=MediaState(row["state"]),
        renditions=msgspec.json.decode(row["renditions"], type=list[Rendition]),
        **{name: row[name] for name in _PLAIN},
    )


def record_json(alias: str) -> str:
    """SQL for lists that come as JSON: the MediaRecord of a file joined as `alias`, to make links from."""
    pairs = ", ".join(f"'{name}', {alias}.{name}" for name in MediaRecord.__struct_fields__)
    return f"json_build_object({pairs})"


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


async def get_seen(media_id: UUID, viewer_id: UUID) -> MediaRecord:
    """A file that this account uploaded, or that its purpose's scope lets it see. Raises NotFound."""
    media = await get_media(media_id)
    if media.owner != viewer_id:
        sees = purposes.scope_of(media.purpose)
        if media.subject is None or sees is None or not await sees(media.subject, viewer_id):
            raise NotFound
    return media


async def link_for(media_id: UUID, viewer_id: UUID) -> MediaOut:
    """A file with links made for the viewer, good for five minutes. Raises NotFound for who may not see it."""
    return media_out(await get_seen(media_id, viewer_id), viewer_id)


async def attached(purpose: Purpose, subject_ids: Iterable[UUID]) -> dict[UUID, list[MediaRecord]]:
    """The files of each subject, in their order; whether the viewer sees the subjects is decided before. One statement."""
    found: dict[UUID, list[MediaRecord]] = {subject_id: [] for subject_id in subject_ids}
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM media WHERE purpose = $1 AND subject = ANY($2::uuid[]) AND state <> 'removed' "  # noqa: S608
        "ORDER BY subject, position, id",
        purpose.name, list(found),
    )  # fmt: skip
    for row in rows:
        found[row["subject"]].append(record(row))
    return found


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
  'thumbnail', CASE WHEN {m}.renditions -> 0 ->> 'name' ~ '^[0-9]+$' THEN '{base}/' || ({m}.renditions -> 0 ->> 'key') END,
  'content_type', {m}.received_type, 'byte_size', {m}.byte_size, 'duration_ms', {m}.duration_ms, 'pages', {m}.pages,
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


def attached_json(purpose: Purpose, subject: str) -> str:
    """SQL: the MediaOut of each file of a *public* purpose attached to `subject` (an expression), in their order, as a JSON array."""
    assert purpose.public, (
        "private files have links of their own for each viewer: select `records_json`, and use `media_out`"
    )
    return _of_subject(image_json("am"), purpose, subject)


def records_json(purpose: Purpose, subject: str) -> str:
    """The same as MediaRecords, for private files."""
    return _of_subject(record_json("am"), purpose, subject)


def _of_subject(one: str, purpose: Purpose, subject: str) -> str:
    return (
        f"(SELECT coalesce(json_agg({one} ORDER BY am.position, am.id), '[]') FROM media am "  # noqa: S608
        f"WHERE am.purpose = '{purpose.name}' AND am.subject = {subject} AND am.state <> 'removed')"
    )
