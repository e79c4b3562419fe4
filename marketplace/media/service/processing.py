"""The work on a file after it was taken in: look for malware, re-encode, put in place. Run by jobs, safe to run again."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from marketplace.core import clock, db, images, outbox, storage
from marketplace.core.errors import NotFound
from marketplace.core.scanning import scanner
from marketplace.media import queries
from marketplace.media.events import MediaReady, MediaRefused
from marketplace.media.purposes import purpose_of
from marketplace.media.schemas import MediaRecord, Rendition
from marketplace.media.service.uploads import original_key
from marketplace.media.states import MEDIA, MediaKind, MediaState

GIVE_UP_AFTER: Final = timedelta(days=3)

log = structlog.get_logger(__name__)


async def process(media_id: UUID) -> None:
    """Make a pending file ready, or refuse it. A file that is no longer pending is only tidied up."""
    media = await _read(media_id)
    if media.state is MediaState.PENDING:
        try:
            renditions = await _make(media)
        except _Unfit as unfit:
            await _settle(media, MediaState.REFUSED, [], unfit.reason)
        else:
            await _settle(media, MediaState.READY, renditions, "")
    await tidy(media_id)


class _Unfit(Exception):
    def __init__(self, reason: str) -> None:
        self.reason = reason


async def _make(media: MediaRecord) -> list[Rendition]:
    if clock.now() - media.created_at > GIVE_UP_AFTER:
        raise _Unfit("failed")  # whatever it is that kills each try, it is not tried for ever
    try:
        data = await storage.get(original_key(media.id))
    except NotFound:
        raise _Unfit("lost") from None
    found = await scanner().scan(data)
    if found:
        log.warning("media.infected", media_id=str(media.id), owner_id=str(media.owner), found=found)
        raise _Unfit("infected")
    return await (_pictures(media, data) if media.kind is MediaKind.IMAGE else _document(media, data))


async def _pictures(media: MediaRecord, data: bytes) -> list[Rendition]:
    purpose = purpose_of(media.purpose)
    try:
        made = await images.render(data, purpose.sizes, square=purpose.square)
    except (images.NotAnImage, images.ImageTooLarge, images.ImageTruncated, images.ImageBroken) as refusal:
        raise _Unfit(refusal.code) from None
    renditions = []
    for one in made:
        key = _key(media, one.name, images.EXTENSION)
        await storage.put(key, one.data)
        renditions.append(Rendition(name=one.name, key=key, width=one.width, height=one.height, bytes=len(one.data)))
    return renditions


async def _document(media: MediaRecord, data: bytes) -> list[Rendition]:
    key = _key(media, "document", "pdf")
    await storage.put(key, data)
    return [Rendition(name="document", key=key, bytes=len(data))]


def _key(media: MediaRecord, name: str, extension: str) -> str:
    return storage.new_key(media.purpose, media.id, name, extension, public=media.public)


async def _settle(media: MediaRecord, target: MediaState, renditions: list[Rendition], reason: str) -> None:
    async with db.transaction():
        current = await queries.lock_media(media.id)
        if current.state is not MediaState.PENDING:
            return  # removed meanwhile, or another try was faster
        MEDIA.check(current.state, target)
        await db.execute(
            "UPDATE media SET state = $2, renditions = $3::jsonb, reason = $4, updated_at = now() WHERE id = $1",
            media.id, target, msgspec.json.encode(renditions).decode(), reason,
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
        keys += [_key(media, str(size), images.EXTENSION) for size in purpose_of(media.purpose).sizes]
        keys += [one.key for one in media.renditions] + [_key(media, "document", "pdf")]
    if media.state not in {MediaState.RECEIVING, MediaState.PENDING}:
        await storage.delete(*dict.fromkeys(keys))


async def _read(media_id: UUID) -> MediaRecord:
    rows = await db.fetch(f"SELECT {queries.COLUMNS} FROM media WHERE id = $1", media_id)  # noqa: S608
    return queries.record(rows[0])
