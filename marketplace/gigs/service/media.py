"""Pictures, videos and papers of a gig, in the order its seller puts them. A copy of a gig shows the same files."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType

from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.gigs.errors import MediaNotFound, MediaOrderWrong, TooMuchMedia
from marketplace.gigs.freshness import gigs_changed
from marketplace.gigs.policies import Actor, check_owns
from marketplace.gigs.queries.locking import LockedGig, lock_gig, lock_gig_of_media
from marketplace.gigs.service.moving import note_change
from marketplace.gigs.showcase import GIG_MEDIA, KINDS, MOST
from marketplace.gigs.states import GigMediaKind
from marketplace.media.queries import lock_media
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads


async def add_media(
    gig_id: UUID, actor: Actor, file: uploads.Incoming, *, title: str = "", is_cover: bool = False
) -> UUID:
    """Put a file behind the others. Not inside a transaction. Returns what it is called here.

    Raises what `uploads.accept` raises, TooMuchMedia, Forbidden, GigNotFound, ValidationFailed.
    """
    media_id = uuid7()

    async def attach(media: MediaRecord) -> None:
        gig = await _lock_own(gig_id, actor)
        kind = KINDS[media.kind]
        await _check_room(gig_id, kind)
        if is_cover:
            await _be_cover(gig_id, None, kind)
        await db.execute(
            "INSERT INTO gig_media (id, gig, file, kind, position, title, is_cover, created_at) SELECT $1, $2, $3, $4, "
            "coalesce(max(position), 0) + 1, $5, $6, $7 FROM gig_media WHERE gig = $2",
            media_id, gig_id, media.id, kind.value, title, is_cover, clock.now(),
        )  # fmt: skip
        await note_change(gig, actor)

    async with db.transaction():  # asked before the bytes are stored; decided again under the lock
        await _lock_own(gig_id, actor)
    await uploads.accept(file, GIG_MEDIA, owner_id=actor.id, field="file", attach=attach)
    return media_id


async def _lock_own(gig_id: UUID, actor: Actor) -> LockedGig:
    gig = await lock_gig(gig_id)
    check_owns(actor, gig.seller)
    return gig


async def _check_room(gig_id: UUID, kind: GigMediaKind) -> None:
    there = await db.fetch_val("SELECT count(*) FROM gig_media WHERE gig = $1 AND kind = $2", gig_id, kind.value)
    if there >= MOST[kind]:
        said = f"A gig has at most {MOST[kind]} of this kind: {kind}."
        raise TooMuchMedia(said, fields={"file": [said]}, limit=MOST[kind], kind=kind.value)


async def _be_cover(gig_id: UUID, media_id: UUID | None, kind: GigMediaKind) -> None:
    """That one, and no other. None: one that is about to be there."""
    if kind is GigMediaKind.PDF:
        raise ValidationFailed.of("is_cover", "A cover is a picture or a video.")
    await db.execute("UPDATE gig_media SET is_cover = false WHERE gig = $1 AND is_cover", gig_id)
    if media_id is not None:
        await db.execute("UPDATE gig_media SET is_cover = true WHERE id = $1", media_id)


async def update_media(
    media_id: UUID, actor: Actor, *, title: str | UnsetType = UNSET, is_cover: bool | UnsetType = UNSET
) -> UUID:
    """Returns the id of its gig. Raises MediaNotFound, ValidationFailed."""
    async with db.transaction():
        gig = await lock_gig_of_media(media_id, actor.id)
        kind = await db.fetch_val("SELECT kind FROM gig_media WHERE id = $1", media_id)
        if kind is None:
            raise MediaNotFound
        if title is not UNSET:
            await db.execute("UPDATE gig_media SET title = $2 WHERE id = $1", media_id, title)
        if is_cover is True:
            await _be_cover(gig.id, media_id, GigMediaKind(kind))
        elif is_cover is False:
            await db.execute("UPDATE gig_media SET is_cover = false WHERE id = $1", media_id)
        await note_change(gig, actor)
        return gig.id


async def order_media(actor: Actor, order: Sequence[UUID]) -> UUID:
    """Put everything of one gig in this order. Returns the gig's id.

    Raises MediaNotFound where none of them is the actor's, MediaOrderWrong unless all of one gig are named, each once.
    """
    async with db.transaction():
        gig_id = await db.fetch_val(
            "SELECT m.gig FROM gig_media m JOIN gigs g ON g.id = m.gig WHERE m.id = ANY($1::uuid[]) AND g.seller = $2 "
            "ORDER BY array_position($1::uuid[], m.id) LIMIT 1",
            list(order), actor.id,
        )  # fmt: skip
        if gig_id is None:
            raise MediaNotFound
        gig = await _lock_own(gig_id, actor)
        there = {row["id"] for row in await db.fetch("SELECT id FROM gig_media WHERE gig = $1", gig_id)}
        if set(order) != there or len(order) != len(there):
            said = "Name everything that one gig shows, each once."
            raise MediaOrderWrong(said, fields={"order": [said]}, media=sorted(str(one) for one in there))
        await db.execute(
            "UPDATE gig_media m SET position = t.n FROM unnest($2::uuid[]) WITH ORDINALITY AS t(id, n) "
            "WHERE m.gig = $1 AND m.id = t.id",
            gig_id, list(order),
        )  # fmt: skip
        await note_change(gig, actor)
        return gig.id


async def remove_media(media_id: UUID, actor: Actor) -> None:
    """Raises MediaNotFound."""
    async with db.transaction():
        gig = await lock_gig_of_media(media_id, actor.id)
        file = await db.fetch_val("DELETE FROM gig_media WHERE id = $1 RETURNING file", media_id)
        if file is None:
            raise MediaNotFound
        await _let_go(file)
        await note_change(gig, actor)


async def _let_go(file: UUID) -> None:
    """Take the file away, unless a copy of the gig shows it still. Its lock lets one ask at a time."""
    await lock_media(file)
    if not await db.fetch_val("SELECT EXISTS (SELECT FROM gig_media WHERE file = $1)", file):
        await uploads.remove(file)


async def forget_all_of(gig_id: UUID) -> None:
    """A deleted gig's media go with it. The gig is locked."""
    rows = await db.fetch("DELETE FROM gig_media WHERE gig = $1 RETURNING file", gig_id)
    for file in sorted(row["file"] for row in rows):
        await _let_go(file)


async def forget_file(file: UUID) -> None:
    """A file turned out to be damaged: it is no longer shown. Safe to repeat."""
    await db.execute("DELETE FROM gig_media WHERE file = $1", file)
    gigs_changed()
