"""Lists of gigs, and one gig whole."""

from typing import Any, Final
from uuid import UUID

import msgspec

from marketplace.accounts.viewer import Viewer
from marketplace.catalog.service.filing import tag_slug
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.pagination import ListQuery, Rows
from marketplace.gigs.errors import GigNotFound
from marketplace.gigs.queries.narrowing import (
    GigFilters,
    MyGigFilters,
    StaffGigFilters,
    as_uuid,
    either,
    filed,
    narrowed,
    ranked,
    tagged,
)
from marketplace.gigs.queries.shown import (
    CARD,
    COVER,
    EXTRAS,
    FAQS,
    MEDIA,
    OWN,
    PACKAGES,
    REQUIREMENTS,
    SHOWN,
    SOURCE,
    TAGGED,
)
from marketplace.gigs.schemas.common import PackageOut
from marketplace.gigs.schemas.gigs import GigCard, GigOut, MyGigCard
from marketplace.gigs.schemas.media import GigMediaOut

MOST_SIMILAR: Final = 8
BESIDE: Final = f"(VALUES (1)) AS one LEFT JOIN {COVER}"


async def _cards(listing: ListQuery[Any]) -> Rows:
    rank, values = await ranked(listing)
    rows = listing.rows(f"{SOURCE} CROSS JOIN LATERAL (SELECT {rank} AS rank) AS found", *values).counted("gigs g")
    return (await narrowed(rows.columns(f"{CARD} FROM {BESIDE}"), listing)).where(SHOWN)


async def list_gigs(listing: ListQuery[GigFilters]) -> Envelope[Page[GigCard]]:
    """What can be ordered."""
    return await (await _cards(listing)).page(GigCard)


async def list_gigs_of_category(listing: ListQuery[GigFilters], category: str) -> Envelope[Page[GigCard]]:
    """Those of a category and of all below it. Raises NotFound where there is no such category."""
    rows = await filed(await _cards(listing), category)
    page = await rows.where("EXISTS (" + CATEGORY.replace("$1", "{}") + ")", category.lower()).page(GigCard)
    if not page.data.count and not await db.fetch_val(f"SELECT EXISTS ({CATEGORY})", category.lower()):
        raise NotFound("There is no such category.")
    return page


CATEGORY: Final = "SELECT FROM categories k WHERE $1 IN (k.slug, k.id::text) AND k.is_active"


async def list_gigs_with_tag(listing: ListQuery[GigFilters], tag: str) -> Envelope[Page[GigCard]]:
    """Raises NotFound where nothing knows such a tag."""
    page = await (await tagged(await _cards(listing), tag)).page(GigCard)
    if not page.data.count and not await db.fetch_val(
        "SELECT EXISTS (SELECT FROM tags WHERE slug = $1 AND is_active)", tag_slug(tag)
    ):
        raise NotFound("There is no such tag.")
    return page


async def _own(listing: ListQuery[Any]) -> Rows:
    rows = listing.rows(SOURCE).counted("gigs g").columns(f"{CARD}, {OWN} FROM {BESIDE}")
    return (await narrowed(rows, listing)).when("g.status = ANY({}::text[])", listing.filters.status)


async def list_mine(listing: ListQuery[MyGigFilters], viewer: Viewer) -> Envelope[Page[MyGigCard]]:
    """The viewer's own, whatever their status."""
    return await (await _own(listing)).where("g.seller = {}", viewer.id).page(MyGigCard)


async def list_all(listing: ListQuery[StaffGigFilters]) -> Envelope[Page[MyGigCard]]:
    """Everybody's, for staff; drafts are nobody's business yet."""
    rows = (await _own(listing)).where("g.status <> 'draft'")
    return await rows.where(either(listing.filters.hidden, "g.hidden_at IS NOT NULL")).page(MyGigCard)


# `$1`: its slug or null, `$2`: its id or null, `$3`: the viewer's id or null, `$4`: whether they are staff.
NAMED: Final = "(g.slug = $1 OR g.id = $2)"
MAY_KNOW: Final = "(g.seller = $3::uuid OR $4::boolean)"
SEEN: Final = f"({SHOWN} OR g.seller = $3::uuid OR ($4::boolean AND g.status <> 'draft'))"
DETAIL: Final = f"""SELECT row_to_json(gig)::text FROM (
  SELECT {CARD}, g.description, {TAGGED} AS tags, {PACKAGES} AS packages, {EXTRAS} AS extras, {FAQS} AS faqs,
    {REQUIREMENTS} AS requirements, {MEDIA} AS media, CASE WHEN {MAY_KNOW} THEN g.rejected_reason END AS rejected_reason,
    CASE WHEN {MAY_KNOW} THEN g.view_count END AS view_count, CASE WHEN {MAY_KNOW} THEN g.click_count END AS click_count,
    CASE WHEN {MAY_KNOW} THEN g.order_count END AS ordered_count, g.created_at, g.updated_at
  FROM {SOURCE} LEFT JOIN {COVER} WHERE {NAMED} AND {SEEN}) AS gig"""

# The best rated of the same category first, so that an index bounds the work; of these the ones with common tags.
SIMILAR: Final = f"""SELECT (SELECT coalesce(json_agg(row_to_json(shown)), '[]') FROM (
  SELECT {CARD} FROM (
    SELECT r.*, (SELECT count(*) FROM tag_items a JOIN tag_items b ON b.tag = a.tag AND b.kind = a.kind
        WHERE a.kind = 'gig' AND a.item = r.id AND b.item = o.id) AS common
    FROM (SELECT n.* FROM gigs n WHERE n.category = o.category AND n.status = 'published' AND n.hidden_at IS NULL
        AND n.id <> o.id ORDER BY n.published_at DESC, n.id DESC LIMIT 40) AS r
    ORDER BY common DESC, r.rating_score DESC, r.id LIMIT {MOST_SIMILAR}) AS g
  JOIN users s ON s.id = g.seller LEFT JOIN categories c ON c.id = g.category LEFT JOIN {COVER}
  ORDER BY g.common DESC, g.rating_score DESC, g.id) AS shown)::text
  FROM gigs o WHERE {NAMED.replace("g.", "o.")} AND {SEEN.replace("g.", "o.")}"""


def _asked(gig: str, visitor: Viewer | None) -> tuple[str | None, UUID | None, UUID | None, bool]:
    known = as_uuid(gig)
    return (
        None if known else gig.lower(),
        known,
        visitor.id if visitor else None,
        visitor is not None and visitor.is_staff,
    )


async def _one(statement: str, gig: str, visitor: Viewer | None) -> Any:
    found = await db.fetch_val(statement, *_asked(gig, visitor))
    if found is None:
        raise GigNotFound
    return found


async def get_gig(gig: str, visitor: Viewer | None) -> GigOut:
    """One gig by slug or id, as this visitor may see it. Raises GigNotFound."""
    return msgspec.json.decode(await _one(DETAIL, gig, visitor), type=GigOut)


async def get_similar(gig: str, visitor: Viewer | None) -> list[GigCard]:
    """Raises GigNotFound."""
    return msgspec.json.decode(await _one(SIMILAR, gig, visitor), type=list[GigCard])


async def find_gig(gig: str, visitor: Viewer | None) -> UUID:
    """The id of a gig that this visitor sees. Raises GigNotFound."""
    found: UUID = await _one(f"SELECT g.id FROM gigs g WHERE {NAMED} AND {SEEN}", gig, visitor)
    return found


async def get_packages(gig: str, visitor: Viewer | None) -> list[PackageOut]:
    """In the order of their tiers. Raises GigNotFound."""
    body = await _one(f"SELECT {PACKAGES}::text FROM gigs g WHERE {NAMED} AND {SEEN}", gig, visitor)
    return msgspec.json.decode(body, type=list[PackageOut])


async def get_media(gig: str, visitor: Viewer | None) -> list[GigMediaOut]:
    """In the seller's order. Raises GigNotFound."""
    body = await _one(f"SELECT {MEDIA}::text FROM gigs g WHERE {NAMED} AND {SEEN}", gig, visitor)
    return msgspec.json.decode(body, type=list[GigMediaOut])
