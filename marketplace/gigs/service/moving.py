"""The one place where a gig's status changes, and what follows from that."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.catalog.service.filing import file_under, take_out_many
from marketplace.catalog.states import ItemKind
from marketplace.core import clock, db, outbox
from marketplace.gigs.events import GigChanged, GigPublished, GigRejected, GigSubmitted, GigWithdrawn
from marketplace.gigs.freshness import gigs_changed
from marketplace.gigs.policies import Actor
from marketplace.gigs.queries.locking import LockedGig
from marketplace.gigs.rules import APPROVAL
from marketplace.gigs.states import GIG, Approval, GigStatus


async def move(gig: LockedGig, target: GigStatus, *, reason: str = "", by_staff: bool = False) -> None:
    """Move a locked gig. What staff publish is approved, and what they reject must be approved from then on.

    The reason is what its seller reads beside a rejected gig. Raises IllegalTransition.
    """
    GIG.check(gig.status, target)
    approved, rejected = by_staff and target is GigStatus.PUBLISHED, target is GigStatus.REJECTED
    await db.execute(
        "UPDATE gigs SET status = $2::varchar, updated_at = $3, rejected_reason = $4, "
        "published_at = CASE WHEN $2::varchar = 'published' THEN coalesce(published_at, $3) ELSE published_at END, "
        "approved_at = CASE WHEN $5::boolean THEN $3 WHEN $6::boolean THEN NULL ELSE approved_at END, "
        "must_be_approved = CASE WHEN $5::boolean THEN false WHEN $6::boolean THEN true ELSE must_be_approved END WHERE id = $1",
        gig.id, target.value, clock.now(), reason if rejected else "", approved, rejected,
    )  # fmt: skip
    if not gig.hidden:
        await _file(gig, target)
    if target is GigStatus.PUBLISHED:
        await outbox.emit(GigPublished(gig_id=gig.id, seller_id=gig.seller, title=gig.title, approved=by_staff))
    elif target is GigStatus.PENDING:
        await outbox.emit(GigSubmitted(gig_id=gig.id, seller_id=gig.seller, title=gig.title))
    elif rejected:
        await outbox.emit(GigRejected(gig_id=gig.id, seller_id=gig.seller, title=gig.title, reason=reason))
    if gig.status is GigStatus.PUBLISHED:
        await outbox.emit(GigWithdrawn(gig_id=gig.id, seller_id=gig.seller))
    gigs_changed()


async def _file(gig: LockedGig, target: GigStatus) -> None:
    if target is GigStatus.PUBLISHED:
        await file_under(ItemKind.GIG, gig.id, gig.category)
    elif gig.status is GigStatus.PUBLISHED:
        await file_under(ItemKind.GIG, gig.id, None)


async def note_change(gig: LockedGig, actor: Actor) -> None:
    """What a locked gig shows has changed. Where changes are looked at, it waits for staff again, unless they made it."""
    await db.execute("UPDATE gigs SET updated_at = $2 WHERE id = $1", gig.id, clock.now())
    gigs_changed()
    await outbox.emit(GigChanged(gig_id=gig.id))
    if actor.id == gig.seller and await APPROVAL.value() is Approval.CHANGES:
        await db.execute("UPDATE gigs SET approved_at = NULL WHERE id = $1", gig.id)
        if gig.status is GigStatus.PUBLISHED:
            await move(gig, GigStatus.PENDING)


async def hide_all_of(seller_id: UUID) -> int:
    """A suspended seller's gigs are not shown. Returns how many were. Safe to repeat."""
    async with db.transaction():
        rows = await db.fetch(
            "UPDATE gigs SET hidden_at = $2 WHERE id IN (SELECT id FROM gigs WHERE seller = $1 AND hidden_at IS NULL "
            "ORDER BY id FOR NO KEY UPDATE) RETURNING id, status",
            seller_id, clock.now(),
        )  # fmt: skip
        shown = [row["id"] for row in rows if row["status"] == GigStatus.PUBLISHED]
        await withdrawn(seller_id, shown)
        return len(shown)


async def withdrawn(seller_id: UUID, gig_ids: Sequence[UUID]) -> None:
    """Gigs that were shown are not any more: counted under no category, and told of."""
    await take_out_many(ItemKind.GIG, gig_ids)
    await outbox.emit(*(GigWithdrawn(gig_id=gig_id, seller_id=seller_id) for gig_id in gig_ids))
    gigs_changed()


async def show_all_of(seller_id: UUID) -> int:
    """The suspension is over: what was published is shown again. Safe to repeat."""
    async with db.transaction():
        rows = await db.fetch(
            "UPDATE gigs SET hidden_at = NULL WHERE id IN (SELECT id FROM gigs WHERE seller = $1 AND hidden_at IS NOT NULL "
            "ORDER BY id FOR NO KEY UPDATE) RETURNING id, title, status, category",
            seller_id,
        )  # fmt: skip
        back = [row for row in rows if row["status"] == GigStatus.PUBLISHED]
        for row in back:
            await file_under(ItemKind.GIG, row["id"], row["category"])
        await outbox.emit(*(GigPublished(gig_id=row["id"], seller_id=seller_id, title=row["title"]) for row in back))
        gigs_changed()
        return len(back)
