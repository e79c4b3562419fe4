"""Reviews as they are shown: lists of a subject and of a person, and one."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders import reviewing
from marketplace.reviews.errors import ReviewNotFound
from marketplace.reviews.schemas import OwnReviewOut, ReviewOut, StaffReviewRow
from marketplace.reviews.states import Side


class ReviewFilters(Filters):
    rating: Annotated[int, Meta(ge=1, le=5, description="Exactly this.")] | None = None


class PersonReviewFilters(ReviewFilters):
    side: Annotated[Side, Meta(description="What was said of them as a seller, or as a client.")] | None = None
    kind: Annotated[str, Meta(max_length=16, description="`product`, `gig`, ...")] | None = None


class StaffReviewFilters(PersonReviewFilters):
    author: UUID | None = None
    reviewee: UUID | None = None
    hidden: bool | None = None
    blind: Annotated[bool, Meta(description="Waits for the other side's, or for its time.")] | None = None


ORDERING: Final = {
    "created_at": Order("r.created_at", "timestamptz"), "rating": Order("r.rating", "smallint"),
}  # fmt: skip


def _listing(name: str, filters: Any) -> Listing[Any]:
    return Listing(
        name, filters, key=Order("r.id", "uuid"), default="-created_at", ordering=ORDERING, date="r.created_at"
    )


OF_SUBJECT: Final = _listing("reviews.subject", ReviewFilters)
OF_PERSON: Final = _listing("reviews.person", PersonReviewFilters)
MINE: Final = _listing("reviews.mine", PersonReviewFilters)
STAFF: Final = _listing("reviews.staff", StaffReviewFilters)

SOURCE: Final = "reviews r JOIN users a ON a.id = r.author JOIN users e ON e.id = r.reviewee"
SIDE: Final = f"CASE WHEN r.kind = '{reviewing.CLIENT}' THEN '{Side.CLIENT}' ELSE '{Side.SELLER}' END"
BLIND: Final = "r.blind_until > now()"
COLUMNS: Final = f"""r.id, r.kind, {SIDE} AS side, r.subject AS subject_id, a.username AS "user", e.username AS reviewee,
  r.rating, r.title, r.comment, true AS is_verified_purchase, r.hidden_at IS NULL AS is_approved,
  nullif(r.reply, '') AS reply, r.replied_at, CASE WHEN {BLIND} THEN r.blind_until END AS blind_until, r.edited_at,
  r.created_at"""
WITH_ORDER: Final = f'{SOURCE} JOIN orders o ON o.id = r."order"'
OWN_COLUMNS: Final = f"{COLUMNS}, o.id AS order_id, o.number AS order_number"
STAFF_COLUMNS: Final = (
    f"{OWN_COLUMNS}, r.author AS author_id, r.reviewee AS reviewee_id, r.hidden_at, r.hidden_by, r.hidden_reason"
)


async def list_of_subject(kind: str, subject_id: UUID, listing: ListQuery[ReviewFilters]) -> Envelope[Page[ReviewOut]]:
    """What buyers say of one subject. Raises the NotFound of its way to sell where the public sees no such thing."""
    found = await (
        listing.rows(SOURCE).columns(COLUMNS)
        .where("r.kind = {} AND r.subject = {}", kind, subject_id).where(reviewing.SHOWN)
        .when("r.rating = {}::int", listing.filters.rating).page(ReviewOut)
    )  # fmt: skip
    if found.data is None or not found.data.count:
        reviewable = reviewing.of_kind(kind)
        if reviewable is None:
            raise NotFound
        await reviewable.check_seen(subject_id)
    return found


async def list_of_person(who: UUID | str, listing: ListQuery[PersonReviewFilters]) -> Envelope[Page[ReviewOut]]:
    """What others say of a person, by id or username. Raises NotFound for nobody, and for somebody banned or erased."""
    named = "u.id = {}" if isinstance(who, UUID) else "lower(u.username) = lower({})"
    found = await (
        listing.rows(SOURCE).columns(COLUMNS)
        .where(f"r.reviewee = (SELECT u.id FROM users u WHERE {named} AND u.status = 'active')", who)
        .where(reviewing.SHOWN)
        .when("r.rating = {}::int", listing.filters.rating)
        .when(f"{SIDE} = {{}}", listing.filters.side).when("r.kind = {}", listing.filters.kind).page(ReviewOut)
    )  # fmt: skip
    if found.data is None or not found.data.count:
        known = named.replace("{}", "$1")
        if not await db.fetch_val(f"SELECT true FROM users u WHERE {known} AND u.status = 'active'", who):
            raise NotFound
    return found


async def list_mine(listing: ListQuery[PersonReviewFilters], author_id: UUID) -> Envelope[Page[OwnReviewOut]]:
    """What the viewer wrote, also what nobody else sees yet, or any more."""
    return await (
        listing.rows(WITH_ORDER).columns(OWN_COLUMNS).where("r.author = {}", author_id)
        .when("r.rating = {}::int", listing.filters.rating)
        .when(f"{SIDE} = {{}}", listing.filters.side).when("r.kind = {}", listing.filters.kind).page(OwnReviewOut)
    )  # fmt: skip


async def list_for_staff(listing: ListQuery[StaffReviewFilters]) -> Envelope[Page[StaffReviewRow]]:
    wanted = listing.filters
    return await (
        listing.rows(WITH_ORDER).columns(STAFF_COLUMNS)
        .when("r.rating = {}::int", wanted.rating).when(f"{SIDE} = {{}}", wanted.side).when("r.kind = {}", wanted.kind)
        .when("r.author = {}", wanted.author).when("r.reviewee = {}", wanted.reviewee)
        .when("(r.hidden_at IS NOT NULL) = {}", wanted.hidden).when(f"({BLIND}) IS TRUE = {{}}", wanted.blind)
        .page(StaffReviewRow)
    )  # fmt: skip


async def get_review(review_id: UUID, visitor: Viewer | None) -> ReviewOut:
    """One that this visitor may see: a public one, or their own; staff see all. Raises ReviewNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {COLUMNS} FROM {SOURCE} "
        f"WHERE r.id = $1 AND ($3 OR r.author = $2::uuid OR ({reviewing.SHOWN}))) AS shown",
        review_id, visitor.id if visitor else None, visitor is not None and visitor.is_staff,
    )  # fmt: skip
    if body is None:
        raise ReviewNotFound
    return msgspec.json.decode(body, type=ReviewOut)


async def get_for_staff(review_id: UUID) -> StaffReviewRow:
    """Raises ReviewNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {STAFF_COLUMNS} FROM {WITH_ORDER} WHERE r.id = $1) AS shown",
        review_id,
    )
    if body is None:
        raise ReviewNotFound
    return msgspec.json.decode(body, type=StaffReviewRow)


async def is_by(review_id: UUID, author_id: UUID) -> bool:
    return bool(await db.fetch_val("SELECT true FROM reviews WHERE id = $1 AND author = $2", review_id, author_id))
