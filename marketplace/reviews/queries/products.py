"""The reviews of a product, named by its slug or id, as its page shows them."""

from typing import Final
from uuid import UUID

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Listing
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.orders import reviewing
from marketplace.reviews.queries.shown import COLUMNS, ORDERING, SOURCE, ReviewFilters
from marketplace.reviews.schemas import ReviewOut
from marketplace.shop.queries.products import find_product
from marketplace.shop.queries.shown import VISIBLE

REVIEWS: Final = Listing(
    "products.reviews", ReviewFilters, key=Order("r.id", "uuid"), default="-created_at", ordering=ORDERING,
    date="r.created_at",
)  # fmt: skip
OF_PRODUCT: Final = "r.kind = 'product' AND r.subject = (SELECT p.id FROM products p WHERE {named} AND {seen})"


async def list_reviews(
    product: str, listing: ListQuery[ReviewFilters], visitor: Viewer | None
) -> Envelope[Page[ReviewOut]]:
    """What buyers say of one product, by its slug or id. Raises ProductNotFound."""
    rows = listing.rows(SOURCE).columns(COLUMNS)
    try:
        rows = _of(rows, "p.id = {}", UUID(product), visitor)
    except ValueError:
        rows = _of(rows, "p.slug = {}", product.lower(), visitor)
    found = await rows.where(reviewing.SHOWN).when("r.rating = {}::int", listing.filters.rating).page(ReviewOut)
    if found.data is None or not found.data.count:
        await find_product(product, visitor)
    return found


def _of(rows: Rows, named: str, value: UUID | str, visitor: Viewer | None) -> Rows:
    return rows.where(
        OF_PRODUCT.replace("{named}", named).replace("{seen}", VISIBLE),
        value, visitor.id if visitor else None, visitor is not None and visitor.is_staff,
    )  # fmt: skip
