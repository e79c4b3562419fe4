"""Reviews as they are shown, and their rows locked."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.reviews.errors import ReviewNotFound
from marketplace.reviews.schemas import ReviewOut
from marketplace.shop.queries.products import find_product
from marketplace.shop.queries.shown import VISIBLE


class ReviewFilters(Filters):
    rating: Annotated[int, Meta(ge=1, le=5, description="Exactly this.")] | None = None


REVIEWS: Final = Listing(
    "products.reviews", ReviewFilters, key=Order("r.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("r.created_at", "timestamptz"), "rating": Order("r.rating", "smallint")},
    date="r.created_at",
)  # fmt: skip

SOURCE: Final = "reviews r JOIN users a ON a.id = r.author"
SHOWN: Final = """r.id, a.username AS "user", r.rating, r.title, r.comment, true AS is_verified_purchase,
  r.hidden_at IS NULL AS is_approved, nullif(r.reply, '') AS reply, r.replied_at, r.created_at"""
OF_PRODUCT: Final = "r.kind = 'product' AND r.subject = (SELECT p.id FROM products p WHERE {named} AND {seen})"


async def list_reviews(
    product: str, listing: ListQuery[ReviewFilters], visitor: Viewer | None
) -> Envelope[Page[ReviewOut]]:
    """What buyers say of one product, by its slug or id. Raises ProductNotFound."""
    rows = listing.rows(SOURCE).columns(SHOWN)
    try:
        rows = _of(rows, "p.id = {}", UUID(product), visitor)
    except ValueError:
        rows = _of(rows, "p.slug = {}", product.lower(), visitor)
    found = await rows.where("r.hidden_at IS NULL").when("r.rating = {}::int", listing.filters.rating).page(ReviewOut)
    if found.data is None or not found.data.count:
        await find_product(product, visitor)
    return found


def _of(rows: Rows, named: str, value: UUID | str, visitor: Viewer | None) -> Rows:
    return rows.where(
        OF_PRODUCT.replace("{named}", named).replace("{seen}", VISIBLE),
        value, visitor.id if visitor else None, visitor is not None and visitor.is_staff,
    )  # fmt: skip


async def get_review(review_id: UUID) -> ReviewOut:
    """Raises ReviewNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {SHOWN} FROM {SOURCE} WHERE r.id = $1) AS shown", review_id
    )
    if body is None:
        raise ReviewNotFound
    return msgspec.json.decode(body, type=ReviewOut)


class LockedReview(Struct, frozen=True, kw_only=True):
    id: UUID
    subject: UUID
    author: UUID
    reviewee: UUID
    rating: int
    is_replied: bool
    is_hidden: bool


async def product_of(review_id: UUID) -> UUID:
    """The product that a review is about, which is locked before it. Raises ReviewNotFound."""
    found: UUID | None = await db.fetch_val("SELECT subject FROM reviews WHERE id = $1", review_id)
    if found is None:
        raise ReviewNotFound
    return found


async def lock_review(review_id: UUID, product_id: UUID) -> LockedReview:
    """One of this product's. Raises ReviewNotFound."""
    row = await db.fetch_row(
        "SELECT id, subject, author, reviewee, rating, replied_at IS NOT NULL AS is_replied, hidden_at IS NOT NULL AS is_hidden "
        "FROM reviews WHERE id = $1 AND subject = $2 FOR UPDATE",
        review_id, product_id,
    )  # fmt: skip
    if row is None:
        raise ReviewNotFound
    return LockedReview(**dict(row))


# Received: what was sent back since was bought, too.
LINE_BOUGHT: Final = """SELECT l.id FROM orders o JOIN order_lines l ON l."order" = o.id JOIN product_variants v ON v.id = l.subject
  WHERE o.buyer = $1 AND o.phase = 'completed' AND v.product = $2 ORDER BY o.completed_at, l.id LIMIT 1"""


async def find_line(buyer_id: UUID, product_id: UUID) -> UUID | None:
    """The first line by which this product was bought and received."""
    found: UUID | None = await db.fetch_val(LINE_BOUGHT, buyer_id, product_id)
    return found
