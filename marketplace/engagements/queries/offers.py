"""Custom offers for the two they are between."""

from typing import Final
from uuid import UUID

from marketplace.accounts.viewer import Viewer
from marketplace.core import rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.engagements.errors import CustomOfferNotFound
from marketplace.engagements.schemas.offers import CustomOfferOut
from marketplace.engagements.states import OfferStatus
from marketplace.orders.queries.orders import MINE
from marketplace.orders.queries.shown import PERSON
from marketplace.orders.schemas.orders import OrderRole

SOURCE: Final = (
    """custom_offers c JOIN gigs g ON g.id = c.gig JOIN users b ON b.id = c.buyer JOIN users s ON s.id = c.seller"""
)
COLUMNS: Final = f"""c.id, c.thread AS thread_id, json_build_object('id', g.id, 'title', g.title, 'slug', g.slug) AS gig,
  CASE WHEN c.buyer = {{0}} THEN 'buyer' ELSE 'seller' END AS role, c.author = {{0}} AS is_mine,
  {PERSON.format("b")} AS buyer, {PERSON.format("s")} AS seller, c.status, c.description,
  money_text(c.price_minor, c.currency) AS price, c.currency, c.delivery_days, c.revisions, nullif(c.answer, '') AS answer,
  c."order" AS order_id, c.expires_at, c.answered_at, c.created_at"""


class OfferFilters(Filters):
    role: OrderRole | None = None
    status: list[OfferStatus] | None = None
    gig_id: UUID | None = None
    thread_id: UUID | None = None


OFFERS: Final = Listing(
    "custom_offers", OfferFilters, key=Order("c.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("c.created_at", "timestamptz"), "expires_at": Order("c.expires_at", "timestamptz"),
        "price": Order("c.price_minor", "bigint"),
    },
    search=("g.title", "c.description"), date="c.created_at",
)  # fmt: skip


async def list_offers(listing: ListQuery[OfferFilters], viewer: Viewer) -> Envelope[Page[CustomOfferOut]]:
    """What the viewer has offered, and been offered."""
    wanted = listing.filters
    found = (
        listing.rows(SOURCE)
        .columns(COLUMNS.replace("{0}", "{}"), viewer.id, viewer.id)
        .where(MINE[wanted.role].replace("o.", "c."), viewer.id)
        .when("c.status = ANY({}::text[])", wanted.status)
        .when("c.gig = {}", wanted.gig_id)
        .when("c.thread = {}", wanted.thread_id)
    )
    return await found.page(CustomOfferOut)


async def get_offer(offer_id: UUID, viewer_id: UUID) -> CustomOfferOut:
    """Raises CustomOfferNotFound."""
    found = await rows.one_or_none(
        CustomOfferOut, f"SELECT {COLUMNS.replace('{0}', '$2')} FROM {SOURCE} WHERE c.id = $1 AND $2 IN (c.buyer, c.seller)",
        offer_id, viewer_id,
    )  # fmt: skip
    if found is None:
        raise CustomOfferNotFound
    return found
