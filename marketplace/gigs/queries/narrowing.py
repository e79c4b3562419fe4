"""What lists of gigs may be asked for, and the orders they come in."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from marketplace.catalog.queries.categories import BELOW
from marketplace.catalog.service.filing import tag_slug
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import to_thousandths
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.core.rarity import are_many, narrow
from marketplace.core.words import tsquery
from marketplace.gigs.queries.shown import FEATURED, HAS_VIDEO
from marketplace.gigs.states import GigStatus

Level = Annotated[str, Meta(pattern="^(new|one|two|top)$")]


class GigFilters(Filters):
    category: Annotated[str, Meta(max_length=200, description="Id or slug; with all below it.")] | None = None
    seller: Annotated[str, Meta(max_length=80, description="Id or public name.")] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    min_price: Annotated[Decimal, Meta(description="Of the main package, in the gig's own currency.")] | None = None
    max_price: Annotated[Decimal, Meta(description="At most this.")] | None = None
    delivery_days: Annotated[int, Meta(ge=1, le=365, description="Delivered within so many days.")] | None = None
    rating_min: Annotated[float, Meta(ge=0, le=5, description="Rated so high at least.")] | None = None
    seller_level: Annotated[list[Level], Meta(max_length=4, description="One of these.")] | None = None
    language: Annotated[list[str], Meta(max_length=10, description="In one of these at least.")] | None = None
    tag: Annotated[list[str], Meta(max_length=5, description="Each of these.")] | None = None
    has_video: bool | None = None
    featured: bool | None = None


class MyGigFilters(GigFilters):
    status: list[GigStatus] | None = None


class StaffGigFilters(MyGigFilters):
    hidden: Annotated[bool, Meta(description="Of suspended sellers.")] | None = None


RATED: Final = "(g.rating_sum * 1000 / greatest(g.rating_count, 1))"
PUBLIC: Final = {
    "published_at": Order("g.published_at", "timestamptz"),
    "price": Order("g.price_sort", "bigint"),
    "rating": Order("g.rating_score", "integer"),
    "delivery_days": Order("g.delivery_days", "integer"),
    "orders": Order("g.completed_count", "integer"),
    "trending": Order("g.trending", "bigint"),
    "relevance": Order("found.rank", "integer"),
}
OWN: Final = {
    "created_at": Order("g.created_at", "timestamptz"),
    "updated_at": Order("g.updated_at", "timestamptz"),
    "price": Order("g.price_sort", "bigint"),
    "rating": Order("g.rating_score", "integer"),
    "orders": Order("g.completed_count", "integer"),
    "views": Order("g.view_count", "bigint"),
}


def _listing(name: str, filters: Any, default: str, ordering: dict[str, Order] = PUBLIC, **more: Any) -> Listing[Any]:
    return Listing(name, filters, key=Order("g.id", "uuid"), ordering=ordering, default=default, search=True, **more)


GIGS: Final = _listing("gigs", GigFilters, "-published_at", date="g.published_at")
FOUND: Final = _listing("gigs.search", GigFilters, "-relevance", date="g.published_at")
OF_CATEGORY: Final = _listing("gigs.category", GigFilters, "-published_at", date="g.published_at")
OF_TAG: Final = _listing("gigs.tag", GigFilters, "-published_at", date="g.published_at")
MINE: Final = _listing("gigs.mine", MyGigFilters, "-created_at", OWN, date="g.created_at")
OF_STAFF: Final = _listing("gigs.staff", StaffGigFilters, "-updated_at", OWN, date="g.created_at")
FACETS: Final = _listing(
    "gigs.facets", GigFilters, "published_at", {"published_at": PUBLIC["published_at"]}, date="g.published_at", paged=False
)  # fmt: skip


KEY: Final = "g.id"
# Each of these twice: as a condition on `g`, and as the ids that an index finds. See `core.rarity`.
HAS: Final = "g.words @@ to_tsquery('simple', {})"
WITH_WORDS: Final = "SELECT x.id FROM gigs x WHERE x.words @@ to_tsquery('simple', {})"
FILED: Final = f"(g.category IN {BELOW}) IS TRUE"  # so that it is looked up, and not joined
# `OFFSET 0`: category by category, whatever the planner thinks that a category has.
FILED_UNDER: Final = f"""SELECT x.id FROM {BELOW} AS b CROSS JOIN LATERAL (
  SELECT x.id FROM gigs x WHERE x.category = b.id OFFSET 0) AS x"""
WITH_TAG: Final = "SELECT i.item FROM tag_items i JOIN tags t ON t.id = i.tag WHERE i.kind = 'gig' AND t.slug = {}"
TAGGED_AS: Final = f"g.id IN ({WITH_TAG})"


async def narrowed(rows: Rows, listing: ListQuery[Any]) -> Rows:
    """The rows of `g` that the filters and the search leave. Raises ValidationFailed naming the field."""
    wanted: GigFilters = listing.filters
    seller = as_uuid(wanted.seller)
    rows = _priced(rows, wanted.min_price, "min_price", ">=")
    rows = _priced(rows, wanted.max_price, "max_price", "<=")
    if wanted.category is not None:
        rows = await filed(rows, wanted.category)
    for tag in wanted.tag or ():
        rows = await tagged(rows, tag)
    if wanted.seller_level:
        known = "EXISTS (SELECT FROM seller_standings l WHERE l.seller = g.seller AND l.level = ANY({}::text[]))"
        if "new" in wanted.seller_level:
            known += " OR NOT EXISTS (SELECT FROM seller_standings l WHERE l.seller = g.seller)"
        rows = rows.where(known, wanted.seller_level)
    if listing.search is not None:
        words = tsquery(listing.search)
        rows = await narrow(rows, KEY, HAS, WITH_WORDS, words) if words else rows.where("false")
    rating = None if wanted.rating_min is None else round(wanted.rating_min * 1000)
    return (
        rows.when("g.seller = {}", seller)
        .when("g.seller = (SELECT id FROM users WHERE lower(username) = lower({}))", None if seller else wanted.seller)
        .when("g.currency = {}", wanted.currency)
        .when("g.delivery_days <= {}::int", wanted.delivery_days)
        .when(f"{RATED} >= {{}}::int", rating)
        .when("g.languages && {}::varchar[]", [spoken(one) for one in wanted.language] if wanted.language else None)
        .where(either(wanted.has_video, HAS_VIDEO))
        .where(either(wanted.featured, FEATURED))
    )


async def filed(rows: Rows, category: str) -> Rows:
    """Those of a category, by its id or slug, and of all below it."""
    return await narrow(rows, KEY, FILED, FILED_UNDER, category.lower(), category.lower())


async def tagged(rows: Rows, tag: str) -> Rows:
    """Those that carry a tag, however it is written."""
    return await narrow(rows, KEY, TAGGED_AS, WITH_TAG, tag_slug(tag))


def spoken(language: str) -> str:
    """A language tag as it is kept: `ZH-hans` is zh-Hans."""
    first, *rest = language.split("-")
    return "-".join([first.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def either(wanted: bool | None, condition: str) -> str:
    return "true" if wanted is None else condition if wanted else f"NOT ({condition})"


def as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _priced(rows: Rows, price: Decimal | None, field: str, side: str) -> Rows:
    """Prices on one side of an amount, each in its own currency. Raises ValidationFailed naming the field."""
    if price is None:
        return rows
    rounding = ROUND_CEILING if side == ">=" else ROUND_FLOOR
    return rows.where(f"g.price_sort {side} {{}}::bigint", to_thousandths(price, field, rounding))


# How well the words fit, where in the gig they stand, times how well it is rated.
FITS: Final = "(ts_rank(g.words, to_tsquery('simple', {}), 1) * 100 * (g.rating_score + 1000))::int"


async def ranked(listing: ListQuery[Any]) -> tuple[str, list[Any]]:
    """SQL of `relevance`, and its values. A word that thousands have says little: of these the best rated come first."""
    words = tsquery(listing.search) if listing.search else ""
    if not words or listing.sorts[0].name != "relevance" or await are_many(WITH_WORDS, words):
        return "g.rating_score", []
    return FITS, [words]
