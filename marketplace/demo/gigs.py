"""Puts the demo's gigs up: through the services, their covers afterwards by jobs, so that the start does not wait."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from marketplace.catalog.queries.categories import find_category
from marketplace.core import db
from marketplace.core.money import to_minor
from marketplace.demo import tasks
from marketplace.demo.shop import Picture
from marketplace.demo.talents import Talent, talents
from marketplace.gigs.policies import Actor
from marketplace.gigs.service import moderating, publishing
from marketplace.gigs.service.listing import GigDraft, create_gig
from marketplace.gigs.service.media import add_media
from marketplace.gigs.service.packages import PackageDraft
from marketplace.gigs.service.parts import ExtraDraft, FaqDraft, RequirementDraft
from marketplace.gigs.states import Tier

COVERS_AT_ONCE: Final = 10
FEATURED_EVERY: Final = 11
LAST_IS_DRAFT: Final = 1


async def offer_gigs(sellers: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    """Add what is missing, all but the last one published; what somebody archived or renamed stays as it is."""
    rows = await db.fetch("SELECT seller, title FROM gigs WHERE seller = ANY($1::uuid[])", list(sellers.values()))
    there = {(row["seller"], row["title"]) for row in rows}
    every = list(talents())
    missing = [(n, one) for n, one in enumerate(every) if (sellers[one.seller], one.title) not in there]
    if not missing:
        return
    say(f"Putting up {len(missing)} demo gigs")
    categories = {slug: await find_category(slug) for slug in sorted({one.category for _, one in missing})}
    async with db.transaction():
        for n, one in missing:
            seller = Actor(sellers[one.seller])
            gig_id = await create_gig(seller.id, _draft(one, categories[one.category]))
            if n < len(every) - LAST_IS_DRAFT:
                await publishing.publish(gig_id, seller)
                if n % FEATURED_EVERY == 1:
                    await moderating.feature(None, gig_id, True)
        await tasks.draw_covers.defer()


def _draft(one: Talent, category: UUID) -> GigDraft:
    return GigDraft(
        title=one.title, currency=one.currency, description=one.description, category=category, languages=one.languages, tags=one.tags,
        packages=[
            PackageDraft(
                tier=tier, title=title, price_minor=to_minor(price, one.currency), delivery_days=days, revisions=revisions,
                features=features,
            )
            for tier, (title, price, days, revisions, features) in zip(Tier, one.packages, strict=True)
        ],
        extras=[
            ExtraDraft(title=title, price_minor=to_minor(price, one.currency), extra_days=days) for title, price, days in one.extras
        ],
        faqs=[FaqDraft(question=question, answer=answer) for question, answer in one.faqs],
        requirements=[RequirementDraft(question=question) for question in one.questions],
    )  # fmt: skip


async def draw_some() -> bool:
    """Covers for a few that have none. False when all have one."""
    motifs = {one.title: one.motif for one in talents()}
    rows = await db.fetch(
        "SELECT g.id, g.seller, g.title FROM gigs g JOIN users s ON s.id = g.seller WHERE g.title = ANY($1::text[]) "
        "AND s.email LIKE '%@demo.example' AND NOT EXISTS (SELECT FROM gig_media m WHERE m.gig = g.id) ORDER BY g.id LIMIT $2",
        list(motifs), COVERS_AT_ONCE,
    )  # fmt: skip
    for row in rows:
        cover = Picture(await asyncio.to_thread(_drawn, row["title"], motifs[row["title"]]))
        await add_media(row["id"], Actor(row["seller"]), cover, title=row["title"][:120])
    return bool(rows)


def _drawn(title: str, motif: str) -> bytes:
    from marketplace.demo.covers import draw_cover

    return draw_cover(title, motif)
