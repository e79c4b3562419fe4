"""The work on a file after it was taken in: look for malware, re-encode, put in place. Run by jobs, safe to run again."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from marketplace.core import clock, db, outbox, storage
from marketplace.core.errors import NotFound
from marketplace.core.opening import Unfit
from marketplace.core.scanning import scanner
from marketplace.media import queries
from marketplace.media.events import MediaReady, MediaRefused
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import making
from marketplace.media.service.making import Made
from marketplace.media.service.uploads import original_key
from marketplace.media.states import MEDIA, MediaState

GIVE_UP_AFTER: Final = timedelta(days=3)

log = structlog.get_logger(__name__)


async def process(media_id: UUID) -> None:
    """Make a pending file ready, or refuse it. A file that is no longer pending is only tidied up."""
    media = await _read(media_id)
    if media.state is MediaState.PENDING:
        try:
            made = await _make(media)
        except Unfit as unfit:
            await _settle(media, MediaState.REFUSED, Made(renditions=[]), unfit.reason)
        else:
            await _settle(media, MediaState.READY, made, "")
    await tidy(media_id)


async def _make(media: MediaRecord) -> Made:
    if clock.now() - media.created_at > GIVE_UP_AFTER:
        raise Unfit("failed")  # whatever it is that kills each try, it is not tried for ever
    with tempfile.TemporaryDirectory(prefix="marketplace-media-") as folder:
        source = Path(folder) / "source"
        try:
            await storage.fetch_to(original_key(media.id), source)
        except NotFound:
            raise Unfit("lost") from None
        found = await scanner().scan(source)
        if found:
            log.warning("media.infected", media_id=str(media.id), owner_id=str(media.owner), found=found)
            raise Unfit("infected")
        return await making.make(media, source, Path(folder) / "clean")


async def _settle(media: MediaRecord, target: MediaState, made: Made, reason: str) -> None:
    async with db.transaction():
        current = await queries.lock_media(media.id)
        if current.state is not MediaState.PENDING:
            return  # removed meanwhile, or another try was faster
        MEDIA.check(current.state, target)
        await db.execute(
            "UPDATE media SET state = $2, renditions = $3::jsonb, reason = $4, width = coalesce($5, width), "
            "height = coalesce($6, height), duration_ms = $7, pages = $8, updated_at = now() WHERE id = $1",
            media.id, target, msgspec.json.encode(made.renditions).decode(), reason, made.width, made.height,
            made.duration_ms, made.pages,
        )  # fmt: skip
        about: dict[str, Any] = {
            "media_id": media.id, "owner_id": media.owner, "purpose": media.purpose, "subject_id": current.subject,
        }  # fmt: skip
        if target is MediaState.READY:
            await outbox.emit(MediaReady(**about))
        else:
            await outbox.emit(MediaRefused(**about, reason=reason))


async def tidy(media_id: UUID) -> None:
    """Delete the bytes nobody needs: the original once it is worked on, and everything of a file that was taken away."""
    media = await _read(media_id)
    keys = [original_key(media.id)]
    if media.state is not MediaState.READY:
        keys += making.keys_of(media) + [one.key for one in media.renditions]
    if media.state not in {MediaState.RECEIVING, MediaState.PENDING}:
        await storage.delete(*dict.fromkeys(keys))


async def _read(media_id: UUID) -> MediaRecord:
    rows = await db.fetch(f"SELECT {queries.COLUMNS} FROM media WHERE id = $1", media_id)  # noqa: S608
    return queries.record(rows[0])
