"""Disputes for staff: the queue, and one case with what they say among themselves."""

from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import Currency
from marketplace.core.pagination import ListQuery, Order
from marketplace.disputes.errors import DisputeNotFound, OwnDispute
from marketplace.disputes.queries.shown import EVIDENCE_OF, OPENED_BY, SOURCE, WHOLE, whole
from marketplace.disputes.schemas.disputes import DisputeOut
from marketplace.disputes.schemas.staff import StaffDisputeRow
from marketplace.disputes.states import DisputeStatus, Reason, Turn
from marketplace.orders.queries.shown import HELD, PERSON, TITLE, money


class QueueFilters(Filters):
    status: list[DisputeStatus] | None = None
    reason: list[Reason] | None = None
    kind: list[str] | None = None
    awaits: list[Turn] | None = None
    mine: Annotated[bool | None, Meta(description="true: assigned to me; false: to nobody.")] = None
    assigned_to: Annotated[UUID | None, Meta(description="The moderator's id.")] = None
    min_amount: Annotated[Decimal | None, Meta(description="In escrow now, in the order's own currency.")] = None
    max_amount: Decimal | None = None
    currency: Currency | None = None
    overdue: bool | None = None
    is_open: Annotated[bool | None, Meta(description="Not over yet.")] = None


QUEUE: Final = Listing(
    "admin.disputes", QueueFilters, key=Order("d.id", "uuid"), default="due_at",
    ordering={
        "due_at": Order("coalesce(d.due_at, 'infinity')", "timestamptz"), "created_at": Order("d.created_at", "timestamptz"),
        "amount": Order(HELD, "bigint"),
    },
    search=("o.number", TITLE, "b.username", "s.username"), date="d.created_at",
)  # fmt: skip

QUEUED: Final = f"{SOURCE} LEFT JOIN users a ON a.id = d.assignee"
OVERDUE: Final = "coalesce(d.due_at < now(), false)"
AMOUNT: Final = f"{money(HELD)}::numeric"
ROW: Final = f"""d.id, o.id AS order_id, o.number AS order_number, o.kind, {TITLE} AS title, d.status, d.reason,
  {OPENED_BY} AS opened_by, nullif(d.turn, '') AS awaits, d.due_at, {OVERDUE} AS overdue, {money(HELD)} AS held_amount,
  {money("d.claim_minor")} AS requested_amount, d.currency, {PERSON.format("b")} AS buyer, {PERSON.format("s")} AS seller,
  CASE WHEN a.id IS NOT NULL THEN {PERSON.format("a")} END AS assigned_to,
  (SELECT count(*) FROM dispute_messages m WHERE m.dispute = d.id AND NOT m.internal) AS message_count,
  d.created_at, d.updated_at"""
CASE: Final = f"""SELECT row_to_json(shown)::text AS shown, {EVIDENCE_OF.format("shown.id")} AS evidence
  FROM (SELECT 'buyer' AS role, {WHOLE.replace("{internal}", "true")} FROM {SOURCE} WHERE d.id = $1) AS shown"""


async def list_queue(listing: ListQuery[QueueFilters], viewer_id: UUID) -> Envelope[Page[StaffDisputeRow]]:
    """All disputes, the most urgent first."""
    wanted = listing.filters
    rows = (
        listing.rows(QUEUED)
        .columns(ROW)
        .when("d.status = ANY({}::text[])", wanted.status)
        .when("d.reason = ANY({}::text[])", wanted.reason)
        .when("o.kind = ANY({}::text[])", wanted.kind)
        .when("d.turn = ANY({}::text[])", wanted.awaits)
        .when("d.assignee = {}", wanted.assigned_to)
        .when(f"{AMOUNT} >= {{}}::numeric", wanted.min_amount)
        .when(f"{AMOUNT} <= {{}}::numeric", wanted.max_amount)
        .when("d.currency = {}", wanted.currency)
        .when(f"{OVERDUE} = {{}}::bool", wanted.overdue)
        .when("(d.status NOT IN ('resolved', 'withdrawn')) = {}::bool", wanted.is_open)
    )
    if wanted.mine is not None:
        rows = rows.where("d.assignee = {}", viewer_id) if wanted.mine else rows.where("d.assignee IS NULL")
    return await rows.page(StaffDisputeRow)


async def get_case(dispute_id: UUID, viewer_id: UUID) -> DisputeOut:
    """Whoever's it is, with what staff say among themselves. Raises DisputeNotFound, and OwnDispute for a side of it."""
    row = await db.fetch_row(CASE, dispute_id)
    if row is None:
        raise DisputeNotFound
    case = whole(row, viewer_id)
    if viewer_id in (case.buyer.id, case.seller.id):
        raise OwnDispute
    return case
