"""Which files belong to what: a delivery, a message, a piece of evidence, a listing.

A file is attached to one subject, for the purpose it was uploaded for, and stays there until it is taken away. Two ways lead here:

- uploaded ahead (`POST /media/`, or `uploads.take_in`) and named by id later: `attach(form.file_ids, DELIVERY, delivery_id, ...)`;
- uploaded to something that is there: `uploads.accept(..., attach=...)`, whose `attach` calls `attach([media.id], ...)`.

Everything joins the caller's transaction, and expects the row of the subject to be locked in it: files are locked after it, by id.
Whether the caller may change the subject is decided before. Files may still be worked on when they are attached; should one be
refused later, `MediaRefused` tells its subject.
"""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core import db, timers
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.media import queries
from marketplace.media.errors import FileAttached, FileRefused, TooManyFiles, UnknownFile
from marketplace.media.purposes import Purpose
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads
from marketplace.media.states import MediaState


async def attach(
    media_ids: Sequence[UUID], purpose: Purpose, subject_id: UUID, *, owner_id: UUID, field: str = "files"
) -> list[MediaRecord]:
    """Put files behind those that are there, in this order; one that is there already stays where it is. Returns them.

    Raises, naming `field`: UnknownFile (400: not theirs, gone, or uploaded for something else), FileAttached (409: to something
    else), FileRefused (409: damaged or infected), TooManyFiles (409: more than `purpose.most`).
    """
    async with db.transaction():
        wanted = list(dict.fromkeys(media_ids))
        locked = await _lock(wanted)
        coming = [media_id for media_id in wanted if _check(locked, media_id, purpose, subject_id, owner_id, field)]
        there = await db.fetch_row(
            "SELECT count(*) AS n, coalesce(max(position), 0) AS last FROM media "
            "WHERE purpose = $1 AND subject = $2 AND state <> 'removed'",
            purpose.name, subject_id,
        )  # fmt: skip
        assert there is not None, "an aggregate has a row"
        if purpose.most is not None and there["n"] + len(coming) > purpose.most:
            said = f"At most {purpose.most} files."
            raise TooManyFiles(said, fields={field: [said]}, limit=purpose.most)
        await db.execute(
            "UPDATE media m SET subject = $2, position = $3 + t.n, loose = false, updated_at = now() "
            "FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n) WHERE m.id = t.id",
            coming, subject_id, there["last"],
        )  # fmt: skip
        await timers.cancel_all(uploads.LOOSE, coming)
        found = await queries.get_many(wanted)
    return [found[media_id] for media_id in wanted]


async def _lock(media_ids: Sequence[UUID]) -> dict[UUID, MediaRecord]:
    rows = await db.fetch(
        f"SELECT {queries.COLUMNS} FROM media WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",  # noqa: S608
        list(media_ids),
    )
    return {row["id"]: queries.record(row) for row in rows}


def _check(
    locked: dict[UUID, MediaRecord], media_id: UUID, purpose: Purpose, subject_id: UUID, owner_id: UUID, field: str
) -> bool:
    """Is this file to be attached (it is not yet)? Raises the refusal that fits."""
    media = locked.get(media_id)
    if (
        media is None
        or media.owner != owner_id
        or media.purpose != purpose.name
        or media.state in {MediaState.RECEIVING, MediaState.REMOVED}
    ):
        said = f"You have uploaded no file {media_id} for this."
        raise UnknownFile(said, fields={field: [said]}, id=media_id, purpose=purpose.name)
    if media.subject == subject_id:
        return False
    if media.subject is not None:
        said = f"The file {media_id} belongs to something else already. Upload it again."
        raise FileAttached(said, fields={field: [said]}, id=media_id)
    if media.state is MediaState.REFUSED:
        said = f"The file {media_id} cannot be used ({media.reason}). Upload it again."
        raise FileRefused(said, fields={field: [said]}, id=media_id, reason=media.reason)
    return True


async def detach(media_id: UUID, purpose: Purpose, subject_id: UUID) -> None:
    """Take an attached file away for good. Raises NotFound."""
    async with db.transaction():
        media = (await _lock([media_id])).get(media_id)
        if media is None or (media.purpose, media.subject) != (purpose.name, subject_id):
            raise NotFound
        await uploads.remove(media_id)


async def detach_all(purpose: Purpose, subject_id: UUID) -> int:
    """Take every file of a subject away, for instance because it is deleted. Safe to repeat. Returns how many there were."""
    async with db.transaction():
        rows = await db.fetch(
            "SELECT id FROM media WHERE purpose = $1 AND subject = $2 AND state <> 'removed' ORDER BY id FOR UPDATE",
            purpose.name, subject_id,
        )  # fmt: skip
        for row in rows:
            await uploads.remove(row["id"])
    return len(rows)


async def reorder(media_ids: Sequence[UUID], purpose: Purpose, subject_id: UUID, *, field: str = "order") -> None:
    """Put all files of a subject in this order. Raises ValidationFailed unless each is named once."""
    async with db.transaction():
        rows = await db.fetch(
            "SELECT id FROM media WHERE purpose = $1 AND subject = $2 AND state <> 'removed' ORDER BY id FOR UPDATE",
            purpose.name, subject_id,
        )  # fmt: skip
        if sorted(media_ids) != [row["id"] for row in rows]:
            raise ValidationFailed.of(field, "Name every file once.")
        await db.execute(
            "UPDATE media m SET position = t.n, updated_at = now() FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n) WHERE m.id = t.id",
            list(media_ids),
        )  # fmt: skip
