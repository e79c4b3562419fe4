"""Taking files in and away: what other domains call."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

from marketplace.core import clock, db, outbox, storage, timers
from marketplace.core.config import settings
from marketplace.core.errors import NotFound
from marketplace.core.ids import uuid7
from marketplace.media import queries
from marketplace.media.errors import FileInUse, TooMuchWaiting
from marketplace.media.events import MediaAccepted, MediaRemoved
from marketplace.media.purposes import Purpose, byte_limit, purpose_of
from marketplace.media.schemas import MediaRecord
from marketplace.media.service.receiving import Incoming as Incoming  # as callers name it
from marketplace.media.service.receiving import Received, received
from marketplace.media.states import MEDIA, MediaState

ABANDONED: Final = "media.abandoned"
ABANDONED_AFTER: Final = timedelta(minutes=15)
LOOSE: Final = "media.loose"
LOOSE_FOR: Final = timedelta(days=1)
"""What was uploaded ahead and is attached to nothing by then is taken away."""
FORM_ALLOWANCE: Final = 256 * 1024
"""Room in a request's body for what surrounds the file."""

LOOSE_LOCKS: Final = 0x3ED1
"""The advisory locks' name space."""

_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\"\\/:*?<>|;%]+")


Attach: TypeAlias = Callable[[MediaRecord], Awaitable[None]]


def body_limit(files: int = 1, purpose: Purpose | None = None) -> int:
    """For a route's `request_max_body_size`: room for so many files of the largest size, of a purpose or in general."""
    return files * (byte_limit(purpose) if purpose else settings().max_file_bytes) + FORM_ALLOWANCE


async def accept(
    file: Incoming, purpose: Purpose, *, owner_id: UUID, field: str = "file", attach: Attach | None = None
) -> MediaRecord:
    """Take a file in: it is stored aside and worked on by a job; `MediaReady` or `MediaRefused` follows.

    Not inside a transaction. `attach` runs in the transaction in which the file becomes yours: write your own row there,
    and refuse there; a refusal takes the file away again. Raises what `receiving.received` raises, and Unavailable (503,
    nothing kept).
    """
    assert not db.in_transaction(), "accept() opens its own transactions"
    async with received(file, purpose, field) as got:
        return await _keep(file.filename, got, purpose, owner_id, attach)


async def _keep(filename: str, got: Received, purpose: Purpose, owner_id: UUID, attach: Attach | None) -> MediaRecord:
    media_id = uuid7()
    async with db.transaction():
        await db.execute(
            "INSERT INTO media (id, owner, kind, purpose, public, state, filename, received_type, byte_size, sha256, "
            "width, height, renditions, reason, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, 'receiving', $6, $7, $8, $9, $10, $11, '[]', '', now(), now())",
            media_id, owner_id, got.kind, purpose.name, purpose.public, clean_filename(filename),
            got.type.media_type, got.size, got.sha256, got.width, got.height,
        )  # fmt: skip
        # Whatever dies from here on, the timer takes away what was left behind.
        await timers.schedule(ABANDONED, media_id, clock.now() + ABANDONED_AFTER)
    await storage.put(original_key(media_id), got.path)
    async with db.transaction():
        media = await queries.lock_media(media_id)
        await _move(media, MediaState.PENDING)
        await timers.cancel(ABANDONED, media_id)
        if attach is not None:
            await attach(media)
        await outbox.emit(MediaAccepted(media_id=media_id))
        return await queries.get_media(media_id)


async def take_in(file: Incoming, purpose: Purpose, *, owner_id: UUID, field: str = "file") -> MediaRecord:
    """Take a file in ahead of what it is for; `attachments.attach` names it within a day, or it goes.

    Raises what `accept` raises, and TooMuchWaiting (409) beyond the setting `loose_bytes`.
    """

    async def wait(media: MediaRecord) -> None:
        # One at a time for each person, or two could pass the limit together.
        await db.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOOSE_LOCKS, owner_id.hex)
        waiting = await db.fetch_val(
            "SELECT coalesce(sum(byte_size), 0) FROM media WHERE owner = $1 AND loose AND state <> 'removed'", owner_id
        )
        most = settings().loose_bytes
        if waiting + media.byte_size > most:
            said = "You have uploaded too much that is not used yet. Use it, take some away, or wait a day."
            raise TooMuchWaiting(said, fields={field: [said]}, waiting_bytes=int(waiting), max_bytes=most)
        await db.execute("UPDATE media SET loose = true WHERE id = $1", media.id)
        await timers.schedule(LOOSE, media.id, clock.now() + LOOSE_FOR)

    return await accept(file, purpose, owner_id=owner_id, field=field, attach=wait)


def clean_filename(name: str) -> str:
    """A name to show and to save as; never a path, never a line, never one that reads backwards. May be empty."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()))[-1]
    clean = " ".join(_UNSPEAKABLE.sub(" ", last).split()).strip(" .")
    stem, dot, extension = clean.rpartition(".")
    return f"{stem[:100].strip()}.{extension[:10]}" if dot and stem else clean[:110].strip()


def original_key(media_id: UUID) -> str:
    """Where the bytes lie as they came, out of reach, until they have been worked on."""
    return storage.new_key("incoming", media_id, "original", "", public=False)


async def remove(media_id: UUID, *, owner_id: UUID | None = None) -> None:
    """Take a file away for good; doing it again changes nothing. Joins the caller's transaction.

    With `owner_id` somebody else's file is NotFound. Links to it end as soon as the job has deleted the bytes.
    """
    async with db.transaction():
        media = await queries.lock_media(media_id)
        if owner_id is not None and media.owner != owner_id:
            raise NotFound
        if media.state is not MediaState.REMOVED:
            await _take_away(media)


async def take_back(media_id: UUID, *, owner_id: UUID) -> None:
    """Take away a file that was uploaded ahead. Raises NotFound, or FileInUse for one that belongs to something."""
    async with db.transaction():
        media = await queries.lock_media(media_id)
        if media.owner != owner_id or media.state is MediaState.REMOVED:
            raise NotFound
        if not media.loose:
            raise FileInUse
        await _take_away(media)


async def remove_all_of(owner_id: UUID) -> int:
    """Take away everything a person uploaded: erasure. Returns how many files went.

    What is attached for a purpose that `outlives_owner` stays without its name: it is others' as well by now.
    """
    async with db.transaction():
        rows = await db.fetch(
            "SELECT id, purpose, subject FROM media WHERE owner = $1 AND state <> 'removed' ORDER BY id FOR UPDATE",
            owner_id,
        )
        staying = [row["id"] for row in rows if row["subject"] and purpose_of(row["purpose"]).outlives_owner]
        await db.execute("UPDATE media SET filename = '' WHERE id = ANY($1::uuid[])", staying)
        going = [row["id"] for row in rows if row["id"] not in staying]
        for media_id in going:
            await _take_away(await queries.lock_media(media_id))
    return len(going)


async def _take_away(media: MediaRecord) -> None:
    await _move(media, MediaState.REMOVED)
    await db.execute("UPDATE media SET filename = '', loose = false WHERE id = $1", media.id)
    await timers.cancel(LOOSE, media.id)
    await outbox.emit(MediaRemoved(media_id=media.id))


async def _move(media: MediaRecord, target: MediaState) -> None:
    await db.execute(
        "UPDATE media SET state = $2, updated_at = now() WHERE id = $1", media.id, MEDIA.check(media.state, target)
    )


@timers.timer(ABANDONED)
async def _abandoned(key: str, _: timers.Payload) -> None:
    await remove(UUID(key))


@timers.timer(LOOSE)
async def _unused(key: str, _: timers.Payload) -> None:
    media = await queries.lock_media(UUID(key))
    if media.loose:
        await remove(media.id)
