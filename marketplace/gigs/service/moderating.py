"""What staff do with gigs. Each act leaves its audit row; what is theirs is for another of them to judge."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from marketplace.core import audit, clock, db
from marketplace.core.errors import Conflict, ValidationFailed
from marketplace.gigs.errors import OwnInterest
from marketplace.gigs.freshness import gigs_changed
from marketplace.gigs.policies import Actor
from marketplace.gigs.queries.locking import LockedGig, lock_gig
from marketplace.gigs.service.completeness import check_complete
from marketplace.gigs.service.listing import GigPatch, apply
from marketplace.gigs.service.moving import move, note_change
from marketplace.gigs.states import GigStatus


async def approve(actor_id: UUID | None, gig_id: UUID) -> None:
    """Let a gig that waits be shown. Raises GigNotFound, OwnInterest, IllegalTransition, NotComplete."""
    async with db.transaction():
        gig = await _lock(actor_id, gig_id)
        if gig.status is not GigStatus.PENDING:
            raise Conflict(f"The gig is {gig.status}: only one that is pending is approved.", current=gig.status.value)
        await check_complete(gig.id)
        await _move(actor_id, gig, GigStatus.PUBLISHED, "gig.approved", "")


async def reject(actor_id: UUID | None, gig_id: UUID, reason: str) -> None:
    """Do not let it be shown, or not any more; its seller is told why. Raises GigNotFound, OwnInterest, IllegalTransition, ValidationFailed."""
    await _take_off(actor_id, gig_id, GigStatus.REJECTED, "gig.rejected", reason)


async def pause(actor_id: UUID | None, gig_id: UUID, reason: str) -> None:
    """Stop its orders until its seller publishes it again. Raises what `reject` does."""
    await _take_off(actor_id, gig_id, GigStatus.PAUSED, "gig.paused", reason)


async def archive(actor_id: UUID | None, gig_id: UUID, reason: str) -> None:
    """Raises what `reject` does."""
    await _take_off(actor_id, gig_id, GigStatus.ARCHIVED, "gig.archived", reason)


async def _take_off(actor_id: UUID | None, gig_id: UUID, target: GigStatus, action: str, reason: str) -> None:
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        await _move(actor_id, await _lock(actor_id, gig_id), target, action, reason.strip())


async def _move(actor_id: UUID | None, gig: LockedGig, target: GigStatus, action: str, reason: str) -> None:
    await move(gig, target, reason=reason, by_staff=True)
    await audit.record(
        actor=actor_id, action=action, object_type="gig", object_id=gig.id, reason=reason,
        before={"status": gig.status}, after={"status": target},
    )  # fmt: skip


async def _lock(actor_id: UUID | None, gig_id: UUID) -> LockedGig:
    gig = await lock_gig(gig_id)
    if actor_id == gig.seller:
        raise OwnInterest
    return gig


async def change(actor_id: UUID, gig_id: UUID, patch: GigPatch, reason: str) -> None:
    """Put right what a gig says of itself. Raises GigNotFound, OwnInterest, ValidationFailed."""
    said = {name: value for name in ("title", "description", "category", "tags") if (value := getattr(patch, name)) is not UNSET}  # fmt: skip
    if not said:
        return
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        gig = await _lock(actor_id, gig_id)
        before = await _words(gig_id)
        await apply(gig, patch)
        await note_change(gig, Actor(actor_id, is_staff=True))
        await audit.record(
            actor=actor_id, action="gig.changed", object_type="gig", object_id=gig_id, reason=reason.strip(),
            before={name: before[name] for name in said}, after={name: _plain(value) for name, value in said.items()},
        )  # fmt: skip


async def _words(gig_id: UUID) -> dict[str, Any]:
    row = await db.fetch_row(
        "SELECT title, description, category::text, (SELECT array_agg(t.name ORDER BY t.slug) FROM tag_items i JOIN tags t "
        "ON t.id = i.tag WHERE i.kind = 'gig' AND i.item = g.id) AS tags FROM gigs g WHERE g.id = $1",
        gig_id,
    )  # fmt: skip
    assert row is not None, "it is locked"
    return dict(row)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


async def feature(actor_id: UUID | None, gig_id: UUID, featured: bool, until: datetime | None = None) -> None:
    """Put a gig forward, until a time or until it is called off. Raises GigNotFound, OwnInterest, ValidationFailed, Conflict."""
    if until is not None and until <= clock.now():
        raise ValidationFailed.of("until", "That is over already.")
    async with db.transaction():
        gig = await _lock(actor_id, gig_id)
        if featured and gig.status is not GigStatus.PUBLISHED:
            raise Conflict(f"The gig is {gig.status}: only what is published is featured.", current=gig.status.value)
        before = await db.fetch_row("SELECT featured_at, featured_until FROM gigs WHERE id = $1", gig_id)
        assert before is not None, "it is locked"
        if (before["featured_at"] is not None, before["featured_until"]) == (featured, until if featured else None):
            return
        await db.execute(
            "UPDATE gigs SET featured_at = $2, featured_until = $3 WHERE id = $1",
            gig_id, clock.now() if featured else None, until if featured else None,
        )  # fmt: skip
        await audit.record(
            actor=actor_id, action="gig.featured" if featured else "gig.unfeatured", object_type="gig", object_id=gig_id,
            before={"featured": before["featured_at"] is not None}, after={"featured": featured, "until": until},
        )  # fmt: skip
        gigs_changed()
