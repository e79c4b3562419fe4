"""Gigs are written and changed."""

from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from marketplace.accounts.states import AccountStatus
from marketplace.catalog.service.filing import file_under, set_tags
from marketplace.catalog.states import ItemKind
from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.gigs.errors import MayNotOffer
from marketplace.gigs.policies import Actor, check_owns
from marketplace.gigs.queries.locking import LockedGig, lock_gig
from marketplace.gigs.service import packages, parts
from marketplace.gigs.service.completeness import check_complete
from marketplace.gigs.service.moving import note_change
from marketplace.gigs.service.packages import PackageDraft
from marketplace.gigs.service.parts import ExtraDraft, FaqDraft, RequirementDraft
from marketplace.gigs.states import GigStatus
from marketplace.gigs.wording import another, slug_of

TRIES: Final = 5


class GigDraft(Struct, frozen=True, kw_only=True):
    """What to write down. Amounts in minor units of `currency`."""

    title: str
    currency: str
    description: str = ""
    category: UUID | None = None
    languages: list[str] = []
    tags: list[str] = []
    packages: list[PackageDraft] = []
    extras: list[ExtraDraft] = []
    faqs: list[FaqDraft] = []
    requirements: list[RequirementDraft] = []


async def create_gig(seller_id: UUID, draft: GigDraft) -> UUID:
    """A draft that its seller alone sees. Returns its id. Raises MayNotOffer, ValidationFailed naming the field."""
    async with db.transaction():
        status = await db.fetch_val("SELECT status FROM users WHERE id = $1", seller_id)
        if status != AccountStatus.ACTIVE:
            raise MayNotOffer
        gig_id = await insert(seller_id, draft)
        await set_tags(ItemKind.GIG, gig_id, draft.tags)
        await packages.create(gig_id, draft.packages)
        await parts.have_extras(gig_id, draft.extras, may_be_ordered=False)
        await parts.have_faqs(gig_id, draft.faqs)
        await parts.have_requirements(gig_id, draft.requirements)
        await index_words(gig_id)
        return gig_id


async def insert(seller_id: UUID, draft: GigDraft) -> UUID:
    """The gig's own row, with a slug that is free."""
    gig_id, slug = uuid7(), slug_of(draft.title)
    for _ in range(TRIES):
        made = await db.execute(
            "INSERT INTO gigs (id, seller, category, title, slug, description, keywords, currency, status, must_be_approved, "
            "rejected_reason, languages, view_count, click_count, order_count, completed_count, rating_sum, rating_count, trending, "
            "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, '', $7, 'draft', false, '', $8, 0, 0, 0, 0, 0, 0, 0, $9, $9) "
            "ON CONFLICT DO NOTHING",
            gig_id, seller_id, draft.category, draft.title, slug, draft.description, draft.currency, draft.languages, clock.now(),
        )  # fmt: skip
        if made:
            return gig_id
        slug = another(slug_of(draft.title))
    raise RuntimeError(f"no slug is free for {draft.title!r}")


KEYWORDS: Final = """coalesce((SELECT string_agg(t.name, ' ' ORDER BY t.slug) FROM tag_items i JOIN tags t ON t.id = i.tag
    WHERE i.kind = 'gig' AND i.item = g.id), '')
  || coalesce((SELECT ' ' || c.name || ' ' || c.name_zh FROM categories c WHERE c.id = g.category), '')"""


async def index_words(gig_id: UUID) -> None:
    """A gig is also found by its tags, and by its category in both languages."""
    await db.execute(f"UPDATE gigs g SET keywords = {KEYWORDS} WHERE g.id = $1", gig_id)


async def index_words_of(category_id: UUID) -> None:
    """A category was renamed: what is filed under it is found by its new name. Locked in the order of their ids."""
    async with db.transaction():
        await db.execute("SELECT id FROM gigs WHERE category = $1 ORDER BY id FOR NO KEY UPDATE", category_id)
        await db.execute(f"UPDATE gigs g SET keywords = {KEYWORDS} WHERE g.category = $1", category_id)


class GigPatch(Struct, frozen=True, kw_only=True):
    """What to change of a gig; what is UNSET stays. `extras`, `faqs` and `requirements` are all there shall be."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    category: UUID | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    extras: list[ExtraDraft] | UnsetType = UNSET
    faqs: list[FaqDraft] | UnsetType = UNSET
    requirements: list[RequirementDraft] | UnsetType = UNSET


COLUMNS: Final = ("title", "description", "category", "currency", "languages")


async def update_gig(gig_id: UUID, actor: Actor, patch: GigPatch) -> None:
    """Change a gig. Its slug stays: addresses last. Raises GigNotFound, Forbidden, ValidationFailed naming the field."""
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        await apply(gig, patch)
        await note_change(gig, actor)


async def apply(gig: LockedGig, patch: GigPatch) -> None:
    """Write what changes of a locked gig. Raises ValidationFailed, NotComplete where others see it."""
    if patch.currency is not UNSET and patch.currency != gig.currency:
        await _check_currency(gig)
    changes: dict[str, Any] = {name: value for name in COLUMNS if (value := getattr(patch, name)) is not UNSET}
    if changes:
        said = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=2))
        await db.execute(f"UPDATE gigs SET {said} WHERE id = $1", gig.id, *changes.values())
    if patch.category is not UNSET and gig.status is GigStatus.PUBLISHED and not gig.hidden:
        await file_under(ItemKind.GIG, gig.id, patch.category)
    if patch.tags is not UNSET:
        await set_tags(ItemKind.GIG, gig.id, patch.tags)
    if patch.extras is not UNSET:
        await parts.have_extras(gig.id, patch.extras, may_be_ordered=gig.was_published)
    if patch.faqs is not UNSET:
        await parts.have_faqs(gig.id, patch.faqs)
    if patch.requirements is not UNSET:
        await parts.have_requirements(gig.id, patch.requirements)
    if patch.category is not UNSET or patch.tags is not UNSET:
        await index_words(gig.id)
    if gig.status in (GigStatus.PUBLISHED, GigStatus.PENDING):
        await check_complete(gig.id)


async def _check_currency(gig: LockedGig) -> None:
    if await db.fetch_val(
        "SELECT EXISTS (SELECT FROM gig_packages WHERE gig = $1) OR EXISTS (SELECT FROM gig_extras WHERE gig = $1)", gig.id
    ):  # fmt: skip
        raise ValidationFailed.of("currency", f"The gig has prices in {gig.currency}: it keeps its currency.")
