"""What gigs say of a person: to the copy of their data, and at their erasure."""

from uuid import UUID

from marketplace.accounts import favorites, privacy
from marketplace.accounts.privacy import rows
from marketplace.core import db
from marketplace.gigs.freshness import gigs_changed
from marketplace.gigs.queries.locking import lock_gig
from marketplace.gigs.service import media, moving, publishing

favorites.target(
    "gig",
    "SELECT g.title, '/gigs/' || g.slug AS path FROM gigs g WHERE g.id = {id} AND g.status = 'published' AND g.hidden_at IS NULL",
)

privacy.exporter(
    "gigs",
    rows(
        "SELECT g.id, g.slug, g.title, g.description, g.status, g.currency, g.languages, g.rejected_reason, g.view_count, "
        "g.click_count, g.order_count, g.published_at, g.created_at, "
        "(SELECT json_agg(json_build_object('tier', p.tier, 'title', p.title, 'description', p.description, "
        "'price_minor', p.price_minor, 'delivery_days', p.delivery_days) ORDER BY p.created_at) "
        "FROM gig_packages p WHERE p.gig = g.id) AS packages, "
        "(SELECT json_agg(json_build_object('title', e.title, 'price_minor', e.price_minor) ORDER BY e.position) "
        "FROM gig_extras e WHERE e.gig = g.id) AS extras, "
        "(SELECT json_agg(json_build_object('question', q.question, 'answer', q.answer) ORDER BY q.position) "
        "FROM gig_faqs q WHERE q.gig = g.id) AS faqs, "
        "(SELECT json_agg(r.question ORDER BY r.position) FROM gig_requirements r WHERE r.gig = g.id) AS requirements "
        "FROM gigs g WHERE g.seller = $1 ORDER BY g.id"
    ),
)


async def _erase(user_id: UUID) -> int:
    """What nobody could order goes; the rest is archived without its words, for the orders that name it."""
    await moving.hide_all_of(user_id)
    found = await db.fetch("SELECT id FROM gigs WHERE seller = $1 ORDER BY id", user_id)
    for row in found:
        gig = await lock_gig(row["id"])
        if gig.was_published:
            await media.forget_all_of(gig.id)
            await db.execute("DELETE FROM gig_faqs WHERE gig = $1", gig.id)
            await db.execute("DELETE FROM gig_requirements WHERE gig = $1", gig.id)
            await db.execute(
                "UPDATE gigs SET status = 'archived', description = '', keywords = '', rejected_reason = '', languages = '{}' "
                "WHERE id = $1",
                gig.id,
            )  # fmt: skip
        else:
            await publishing.delete(gig)
    gigs_changed()
    return len(found)


privacy.eraser("gigs", _erase)
