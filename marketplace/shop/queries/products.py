"""Lists of products, and one product whole."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.catalog.queries.categories import BELOW
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import to_thousandths
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.core.rarity import narrow
from marketplace.shop.errors import ProductNotFound
from marketplace.shop.queries.searching import KEY, RANK, RELEVANCE, ranked, searched
from marketplace.shop.queries.shown import (
    BESIDE,
    CARD,
    IN_STOCK,
    KILOGRAMS,
    ON_SALE,
    OWN,
    PICTURES,
    SOLD_OUT,
    SOURCE,
    VISIBLE,
)
from marketplace.shop.schemas.common import ImageOut
from marketplace.shop.schemas.products import MyProductCard, ProductCard, ProductOut
from marketplace.shop.states import ProductStatus

MOST_RELATED: Final = 8


class ProductFilters(Filters):
    category: Annotated[str, Meta(max_length=200, description="Id or slug; with all below it.")] | None = None
    seller: Annotated[str, Meta(max_length=80, description="Id or public name.")] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    min_price: Annotated[Decimal, Meta(description="In the product's own currency.")] | None = None
    max_price: Annotated[Decimal, Meta(description="At most this.")] | None = None
    in_stock: bool | None = None
    featured: bool | None = None
    on_sale: Annotated[bool, Meta(description="Costs less than it did.")] | None = None
    rating_min: Annotated[float, Meta(ge=0, le=5, description="Rated so high at least.")] | None = None
    tag: Annotated[list[str], Meta(max_length=5, description="Each of these.")] | None = None
    attribute: (
        Annotated[
            list[Annotated[str, Meta(max_length=300, pattern="^[^:]+:")]],
            Meta(max_length=10, description="Each of these, as `ram:16GB`, of the product or of one of its variants."),
        ]
        | None
    ) = None


class MyProductFilters(ProductFilters):
    status: list[ProductStatus] | None = None
    low_stock: Annotated[bool, Meta(description="Something of it is at its mark, or below.")] | None = None


RATED: Final = "(p.rating_sum * 1000 / greatest(p.rating_count, 1))"
ORDERING: Final = {
    "created_at": Order("p.created_at", "timestamptz"),
    "price": Order("p.price_sort", "bigint"),
    "name": Order("lower(p.name)", "text"),
    "rating": Order(RATED, "integer"),
    "popularity": Order("p.sold_count", "integer"),
    RELEVANCE: RANK,
}


def _listing(name: str, filters: Any) -> Listing[Any]:
    return Listing(
        name, filters, key=Order("p.id", "uuid"), ordering=ORDERING, default="-created_at", search=True,
        date="p.created_at",
    )  # fmt: skip


PRODUCTS: Final = _listing("products", ProductFilters)
FEATURED: Final = _listing("products.featured", ProductFilters)
MINE: Final = _listing("products.mine", MyProductFilters)


DEAREST: Final = 2**63 - 1
# Each of these twice: as a condition on `p`, and as the ids that an index finds. See `rarity`.
# With `coalesce`, no index is used for the condition: many pass it, and those in the wanted order are looked at one by one. In the
# order of prices, their own index is just what is walked.
PRICED: Final = "p.price_sort BETWEEN (SELECT {}::bigint) AND (SELECT {}::bigint)"
PRICED_ANYWHERE: Final = f"coalesce({PRICED}, false)"
SOLD_AT: Final = f"SELECT x.id FROM products x WHERE x.price_sort BETWEEN (SELECT {{}}::bigint) AND (SELECT {{}}::bigint) AND {ON_SALE.replace('p.', 'x.')}"
PAID_IN: Final = "p.currency = (SELECT {}::text)"
SOLD_IN: Final = f"SELECT x.id FROM products x WHERE x.currency = (SELECT {{}}::text) AND {ON_SALE.replace('p.', 'x.')}"
CATEGORIES: Final = BELOW.replace("{}", "(SELECT {}::text)")
FILED: Final = f"coalesce(p.category IN {CATEGORIES}, false)"
# `OFFSET 0`: category by category, whatever the planner thinks that a category has.
FILED_UNDER: Final = f"""SELECT x.id FROM {CATEGORIES} AS b CROSS JOIN LATERAL (
  SELECT x.id FROM products x WHERE x.category = b.id AND x.deleted_at IS NULL OFFSET 0) AS x"""
WITH_TAG: Final = (
    "SELECT i.item FROM tag_items i JOIN tags t ON t.id = i.tag WHERE i.kind = 'product' AND t.slug = (SELECT {}::text)"
)
TAGGED_AS: Final = f"p.id IN ({WITH_TAG})"
HAVING: Final = """(p.attributes @> (SELECT {}::jsonb)
  OR EXISTS (SELECT FROM product_variants v WHERE v.product = p.id AND v.is_active AND v.attributes @> (SELECT {}::jsonb)))"""
# Each side by its own index; an OR would have every product looked at.
WITH_ATTRIBUTE: Final = """SELECT x.id FROM products x WHERE x.deleted_at IS NULL AND x.attributes @> (SELECT {}::jsonb)
  UNION SELECT v.product FROM product_variants v WHERE v.is_active AND v.attributes @> (SELECT {}::jsonb)"""


async def narrowed(rows: Rows, listing: ListQuery[Any], *, for_sale: bool = True) -> Rows:
    """The rows of `p` that the filters and the search leave; `for_sale`: the caller wants no others than those.

    Raises ValidationFailed naming the field.
    """
    wanted: ProductFilters = listing.filters
    seller = _uuid(wanted.seller)
    if wanted.min_price is not None or wanted.max_price is not None:
        lowest = _bound(wanted.min_price, "min_price", ROUND_CEILING, 0)
        highest = _bound(wanted.max_price, "max_price", ROUND_FLOOR, DEAREST)
        by_price = listing.sorts[0].name == "price"
        if for_sale:
            rows = await narrow(rows, KEY, PRICED if by_price else PRICED_ANYWHERE, SOLD_AT, lowest, highest)
        else:
            rows = rows.where(PRICED, lowest, highest)
    if wanted.currency is not None:
        if for_sale:
            rows = await narrow(rows, KEY, PAID_IN, SOLD_IN, wanted.currency)
        else:
            rows = rows.where(PAID_IN, wanted.currency)
    if wanted.category is not None:
        rows = await narrow(rows, KEY, FILED, FILED_UNDER, wanted.category, wanted.category)
    for tag in wanted.tag or ():
        rows = await narrow(rows, KEY, TAGGED_AS, WITH_TAG, tag.lower())
    for attribute in wanted.attribute or ():
        name, _, value = attribute.partition(":")
        said = msgspec.json.encode({name.strip(): value.strip()}).decode()
        rows = await narrow(rows, KEY, HAVING, WITH_ATTRIBUTE, said, said)
    rows = await searched(rows, listing.search)
    rating = None if wanted.rating_min is None else round(wanted.rating_min * 1000)
    return (
        rows.when("p.seller = (SELECT {}::uuid)", seller)
        .when(
            "p.seller = (SELECT id FROM users WHERE lower(username) = lower((SELECT {}::text)))",
            None if seller else wanted.seller,
        )
        .when(f"{RATED} >= (SELECT {{}}::int)", rating)
        .where(_either(wanted.in_stock, IN_STOCK))
        .where(_either(wanted.featured, "p.is_featured"))
        .where(_either(wanted.on_sale, "p.compare_minor IS NOT NULL"))
    )


def _either(wanted: bool | None, condition: str) -> str:
    return "true" if wanted is None else condition if wanted else f"NOT ({condition})"


def _bound(price: Decimal | None, field: str, rounding: str, otherwise: int) -> int:
    """An amount in thousandths, as prices are compared in any currency. Raises ValidationFailed naming the field."""
    if price is None:
        return otherwise
    return to_thousandths(price, field, rounding)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def _cards(listing: ListQuery[Any], visitor: Viewer | None) -> Rows:
    rows = ranked(listing, SOURCE).counted("products p")
    rows = rows.columns(f"{CARD} FROM {BESIDE}", visitor.id if visitor else None)
    return (await narrowed(rows, listing)).where(ON_SALE)


async def list_products(listing: ListQuery[ProductFilters], visitor: Viewer | None) -> Envelope[Page[ProductCard]]:
    """What is for sale."""
    return await (await _cards(listing, visitor)).page(ProductCard)


async def list_featured(listing: ListQuery[ProductFilters], visitor: Viewer | None) -> Envelope[Page[ProductCard]]:
    return await (await _cards(listing, visitor)).where("p.is_featured").page(ProductCard)


async def list_mine(listing: ListQuery[MyProductFilters], viewer: Viewer) -> Envelope[Page[MyProductCard]]:
    """The viewer's own, drafts and archived ones included."""
    rows = ranked(listing, SOURCE).counted("products p").columns(f"{CARD}, {OWN} FROM {BESIDE}", viewer.id)
    rows = (await narrowed(rows, listing, for_sale=False)).where(
        "p.seller = (SELECT {}::uuid) AND p.deleted_at IS NULL", viewer.id
    )
    low = (
        "EXISTS (SELECT FROM product_variants v WHERE v.product = p.id AND v.is_active AND v.tracks_stock "
        "AND v.on_hand - v.allocated <= p.low_stock_at)"
    )
    rows = rows.when("p.status = ANY({}::text[])", listing.filters.status).where(
        _either(listing.filters.low_stock, low)
    )
    return await rows.page(MyProductCard)


# Newest of the same category first, so that an index bounds the work; of these the ones with common tags, then what sells.
RELATED: Final = f"""(SELECT coalesce(json_agg(row_to_json(shown)), '[]') FROM (
  SELECT {CARD} FROM (
    SELECT r.*, (SELECT count(*) FROM tag_items a JOIN tag_items b ON b.tag = a.tag AND b.kind = a.kind
        WHERE a.kind = 'product' AND a.item = r.id AND b.item = {{id}}) AS common
    FROM (SELECT n.* FROM products n WHERE n.category = {{category}} AND n.status = 'active' AND n.deleted_at IS NULL
        AND n.id <> {{id}} ORDER BY n.created_at DESC, n.id DESC LIMIT 40) AS r
    ORDER BY common DESC, r.sold_count DESC, r.id LIMIT {MOST_RELATED}) AS p
  JOIN users s ON s.id = p.seller LEFT JOIN categories c ON c.id = p.category CROSS JOIN LATERAL {BESIDE.replace("{}", "$3")}
  ORDER BY p.common DESC, p.sold_count DESC, p.id) AS shown)"""

# `$1`: its slug or null, `$2`: its id or null, `$3`: the viewer's id or null, `$4`: whether they are staff.
NAMED: Final = "(p.slug = (SELECT $1::text) OR p.id = (SELECT $2::uuid))"
SEEN: Final = VISIBLE.replace("{}", "$3", 1).replace("{}", "$4", 1)
MAY_KNOW: Final = "(p.seller = (SELECT $3::uuid) OR (SELECT $4::boolean))"
VARIANTS: Final = f"""(SELECT coalesce(json_agg(json_build_object('id', v.id, 'name', v.name, 'sku', v.sku,
    'price', money_text(coalesce(v.price_minor, p.price_minor), p.currency),
    'quantity', CASE WHEN v.tracks_stock THEN greatest(v.on_hand - v.allocated, 0) END, 'is_in_stock', NOT {SOLD_OUT},
    'attributes', v.attributes, 'weight', {KILOGRAMS.replace("{}", "v.weight_g")},
    'on_hand', CASE WHEN {MAY_KNOW} THEN v.on_hand END, 'reserved', CASE WHEN {MAY_KNOW} THEN v.allocated END)
    ORDER BY v.position, v.id), '[]')
  FROM product_variants v WHERE v.product = p.id AND v.is_active AND v.name <> '')"""
TAGGED: Final = """(SELECT coalesce(json_agg(t.name ORDER BY t.slug), '[]') FROM tag_items i JOIN tags t ON t.id = i.tag
  WHERE i.kind = 'product' AND i.item = p.id)"""
MOST_REVIEWS: Final = 5
REVIEWS: Final = f"""(SELECT coalesce(json_agg(row_to_json(shown)), '[]') FROM (
  SELECT r.id, a.username AS "user", r.rating, r.title, r.comment, true AS is_verified_purchase, r.created_at
  FROM reviews r JOIN users a ON a.id = r.author
  WHERE r.kind = 'product' AND r.subject = p.id AND r.hidden_at IS NULL
  ORDER BY r.created_at DESC, r.id DESC LIMIT {MOST_REVIEWS}) AS shown)"""
DETAIL: Final = f"""SELECT row_to_json(product)::text FROM (
  SELECT {CARD}, p.description, p.sku, {KILOGRAMS.replace("{}", "p.weight_g")} AS weight, p.dimensions, p.tax_class, p.attributes,
    {TAGGED} AS tags, {VARIANTS} AS variants, {REVIEWS} AS reviews,
    {RELATED.replace("{id}", "p.id").replace("{category}", "p.category")} AS related,
    CASE WHEN {MAY_KNOW} THEN money_text(p.cost_minor, p.currency) END AS cost_price,
    CASE WHEN {MAY_KNOW} THEN p.low_stock_at END AS low_stock_at, CASE WHEN {MAY_KNOW} THEN p.sold_count END AS sold_count,
    p.updated_at
  FROM {SOURCE} CROSS JOIN LATERAL {BESIDE.replace("{}", "$3")} WHERE {NAMED} AND {SEEN}) AS product"""
RELATED_OF: Final = f"""SELECT {RELATED.replace("{id}", "o.id").replace("{category}", "o.category")}::text
  FROM products o WHERE {NAMED.replace("p.", "o.")} AND {SEEN.replace("p.", "o.")}"""


def _asked(product: str, visitor: Viewer | None) -> tuple[str | None, UUID | None, UUID | None, bool]:
    known = _uuid(product)
    return (
        None if known else product.lower(),
        known,
        visitor.id if visitor else None,
        visitor is not None and visitor.is_staff,
    )


async def get_product(product: str, visitor: Viewer | None) -> ProductOut:
    """One product by slug or id, as this visitor may see it. Raises ProductNotFound."""
    body = await db.fetch_val(DETAIL, *_asked(product, visitor))
    if body is None:
        raise ProductNotFound
    return msgspec.json.decode(body, type=ProductOut)


async def get_related(product: str, visitor: Viewer | None) -> list[ProductCard]:
    """Raises ProductNotFound."""
    body = await db.fetch_val(RELATED_OF, *_asked(product, visitor))
    if body is None:
        raise ProductNotFound
    return msgspec.json.decode(body, type=list[ProductCard])


async def find_product(product: str, visitor: Viewer | None) -> UUID:
    """The id of a product that this visitor sees. Raises ProductNotFound."""
    found: UUID | None = await db.fetch_val(
        f"SELECT p.id FROM products p WHERE {NAMED} AND {SEEN}", *_asked(product, visitor)
    )
    if found is None:
        raise ProductNotFound
    return found


async def images_of(product_id: UUID) -> list[ImageOut]:
    body = await db.fetch_val(
        f"SELECT coalesce(pictures.described, '[]')::text FROM products p CROSS JOIN LATERAL {PICTURES} AS pictures WHERE p.id = $1",
        product_id,
    )
    return msgspec.json.decode(body, type=list[ImageOut])
