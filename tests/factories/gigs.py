"""Gigs to find, to change and to order."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.gigs.policies import Actor
from marketplace.gigs.service import publishing
from marketplace.gigs.service.listing import GigDraft, create_gig
from marketplace.gigs.service.packages import PackageDraft
from marketplace.gigs.service.parts import ExtraDraft, FaqDraft, RequirementDraft
from marketplace.gigs.states import RequirementKind, Tier
from tests.factories.accounts import a_user

BASIC, STANDARD, PREMIUM = Tier.BASIC, Tier.STANDARD, Tier.PREMIUM
SAID = "Three drafts within a week, and the vector files of the one you choose."


async def a_category(slug: str = "design", parent: UUID | None = None, name_zh: str = "") -> UUID:
    """The one of this slug, made where there is none."""
    found = await db.fetch_val("SELECT id FROM categories WHERE slug = $1", slug)
    if found is None:
        found = uuid7()
        await db.execute(
            "INSERT INTO categories (id, slug, name, name_zh, description, parent) VALUES ($1, $2::text, initcap($2::text), $3, '', $4)",
            found, slug, name_zh, parent,
        )  # fmt: skip
    category: UUID = found
    return category


def a_package(tier: Tier = BASIC, price_minor: int = 5000, delivery_days: int = 7, **over: Any) -> PackageDraft:
    return PackageDraft(**({"tier": tier, "title": f"{tier.title()} logo", "price_minor": price_minor, "delivery_days": delivery_days} | over))  # fmt: skip


async def a_gig_draft(**over: Any) -> GigDraft:
    """A logo for 50.00, 120.00 or 300.00, with two extras, a question and its answer, and two things that are asked."""
    values: dict[str, Any] = {
        "title": "A logo for your shop", "currency": "USD", "description": SAID, "languages": ["en"], "tags": ["logo"],
        "packages": [a_package(), a_package(STANDARD, 12000, 5, revisions=3), a_package(PREMIUM, 30000, 3, revisions=None)],
        "extras": [
            ExtraDraft(title="Source file", price_minor=1500), ExtraDraft(title="A day sooner", price_minor=2500, extra_days=-1),
        ],
        "faqs": [FaqDraft(question="Do you draw by hand?", answer="Always.")],
        "requirements": [
            RequirementDraft(question="What is your shop called?"),
            RequirementDraft(question="Which style?", kind=RequirementKind.CHOICE, choices=["Plain", "Playful"], is_required=False),
        ],
    }  # fmt: skip
    if "category" not in over:
        values["category"] = await a_category()
    return GigDraft(**(values | over))


async def a_gig(seller: UUID | None = None, *, published: bool = True, **over: Any) -> UUID:
    """Somebody's, published unless it shall be a draft."""
    seller = seller or (await a_user()).id
    gig_id = await create_gig(seller, await a_gig_draft(**over))
    if published:
        await publishing.publish(gig_id, Actor(seller))
    return gig_id


async def seller_of(gig_id: UUID) -> Actor:
    return Actor(await db.fetch_val("SELECT seller FROM gigs WHERE id = $1", gig_id))


async def packages_of(gig_id: UUID) -> dict[Tier, UUID]:
    """Those that are offered."""
    rows = await db.fetch("SELECT tier, id FROM gig_packages WHERE gig = $1 AND archived_at IS NULL", gig_id)
    return {Tier(row["tier"]): row["id"] for row in rows}


async def extras_of(gig_id: UUID) -> list[UUID]:
    """Those that are offered, in their order."""
    rows = await db.fetch(
        "SELECT id FROM gig_extras WHERE gig = $1 AND archived_at IS NULL ORDER BY position, id", gig_id
    )
    return [row["id"] for row in rows]


async def status_of(gig_id: UUID) -> str:
    status: str = await db.fetch_val("SELECT status FROM gigs WHERE id = $1", gig_id)
    return status
