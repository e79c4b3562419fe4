"""What a seller does with a gig as a whole: publish, pause, archive, copy, delete."""

from typing import Final
from uuid import UUID

import msgspec

from marketplace.accounts.states import AccountStatus
from marketplace.catalog.service.filing import set_tags, take_out
from marketplace.catalog.states import ItemKind
from marketplace.core import db
from marketplace.gigs.errors import EmailNotVerified, MayNotOffer
from marketplace.gigs.policies import Actor, check_owns, waits_for_staff
from marketplace.gigs.queries.locking import LockedGig, lock_gig
from marketplace.gigs.rules import APPROVAL, VERIFIED_ONLY
from marketplace.gigs.service import media
from marketplace.gigs.service.completeness import check_complete
from marketplace.gigs.service.listing import GigDraft, index_words, insert
from marketplace.gigs.service.moving import move
from marketplace.gigs.states import GigStatus


async def publish(gig_id: UUID, actor: Actor) -> GigStatus:
    """Offer a gig, or have it wait for staff where they look first. Twice changes nothing. Returns its status.

    Raises GigNotFound, Forbidden, MayNotOffer, EmailNotVerified, NotComplete naming what is missing.
    """
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        if gig.status in (GigStatus.PUBLISHED, GigStatus.PENDING):
            return gig.status
        await _check_seller(gig.seller)
        await check_complete(gig.id)
        waits = waits_for_staff(await APPROVAL.value(), approved=gig.approved, must_be_approved=gig.must_be_approved)
        target = GigStatus.PENDING if waits else GigStatus.PUBLISHED
        await move(gig, target)
        return target


async def _check_seller(seller_id: UUID) -> None:
    row = await db.fetch_row(
        "SELECT status, email_verified_at IS NOT NULL AS verified FROM users WHERE id = $1", seller_id
    )
    if row is None or row["status"] != AccountStatus.ACTIVE:
        raise MayNotOffer
    if not row["verified"] and await VERIFIED_ONLY.value():
        raise EmailNotVerified


async def pause(gig_id: UUID, actor: Actor) -> None:
    """Take no orders for a while. Twice changes nothing. Raises GigNotFound, Forbidden, IllegalTransition."""
    await _move_own(gig_id, actor, GigStatus.PAUSED)


async def archive(gig_id: UUID, actor: Actor) -> None:
    """Take it off for good, or until it is published again. Raises GigNotFound, Forbidden, IllegalTransition."""
    await _move_own(gig_id, actor, GigStatus.ARCHIVED)


async def _move_own(gig_id: UUID, actor: Actor, target: GigStatus) -> None:
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        if gig.status is not target:
            await move(gig, target)


async def remove(gig_id: UUID, actor: Actor) -> None:
    """A gig that nobody could ever order is deleted; any other is archived. Raises GigNotFound, Forbidden."""
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        if gig.was_published:
            if gig.status is not GigStatus.ARCHIVED:
                await move(gig, GigStatus.ARCHIVED)
        else:
            await delete(gig)


async def delete(gig: LockedGig) -> None:
    """A locked gig that was never published goes, with everything of it."""
    await take_out(ItemKind.GIG, gig.id)
    await media.forget_all_of(gig.id)
    await db.execute("DELETE FROM gigs WHERE id = $1", gig.id)


COPIED: Final = {
    "gig_packages": "tier, title, description, price_minor, delivery_days, revisions, is_main, features, archived_at, created_at",
    "gig_extras": "title, description, price_minor, extra_days, position, archived_at, created_at",
    "gig_faqs": "position, question, answer",
    "gig_requirements": "position, kind, question, choices, is_required",
    "gig_media": "file, kind, position, title, is_cover, created_at",
}
"""What a copy has of its own; media are files that both show."""
OF: Final = """SELECT json_build_object('title', left('Copy of ' || g.title, 120), 'currency', g.currency, 'description', g.description,
  'category', g.category, 'languages', g.languages, 'tags', (SELECT coalesce(json_agg(t.name), '[]') FROM tag_items i
    JOIN tags t ON t.id = i.tag WHERE i.kind = 'gig' AND i.item = g.id AND t.is_active))::text FROM gigs g WHERE g.id = $1"""


async def duplicate(gig_id: UUID, actor: Actor) -> UUID:
    """A draft with everything of the gig but its orders, ratings and counts. Returns its id. Raises GigNotFound, Forbidden."""
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        draft = msgspec.json.decode(await db.fetch_val(OF, gig_id), type=GigDraft)
        copy_id = await insert(gig.seller, draft)
        await set_tags(ItemKind.GIG, copy_id, draft.tags)
        for table, columns in COPIED.items():
            still = "AND archived_at IS NULL" if "archived_at" in columns else ""
            await db.execute(
                f"INSERT INTO {table} (id, gig, {columns}) SELECT gen_random_uuid(), $2, {columns} FROM {table} WHERE gig = $1 {still}",
                gig_id, copy_id,
            )  # fmt: skip
        await db.execute(
            "UPDATE gigs c SET starting_minor = g.starting_minor, delivery_days = g.delivery_days FROM gigs g "
            "WHERE g.id = $1 AND c.id = $2",
            gig_id, copy_id,
        )  # fmt: skip
        await index_words(copy_id)
        return copy_id
