"""Disputes for their sides. What is somebody else's is not there."""

from typing import Final
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import structs

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.disputes.errors import DisputeNotFound
from marketplace.disputes.evidence import EVIDENCE
from marketplace.disputes.schemas.disputes import DisputeCard, DisputeEvidence, DisputeOut
from marketplace.disputes.states import DisputeStatus
from marketplace.media.queries import records_json
from marketplace.media.schemas import MediaRecord, media_out
from marketplace.orders.queries.shown import HELD, PERSON, TITLE, money
from marketplace.orders.schemas.orders import OrderActor


class DisputeFilters(Filters):
    status: list[DisputeStatus] | None = None


DISPUTES: Final = Listing(
    "disputes", DisputeFilters, key=Order("d.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("d.created_at", "timestamptz"), "updated_at": Order("d.updated_at", "timestamptz")},
    date="d.created_at",
)  # fmt: skip

SOURCE: Final = (
    'disputes d JOIN orders o ON o.id = d."order" JOIN users b ON b.id = o.buyer JOIN users s ON s.id = o.seller'
)
OPENED_BY: Final = "CASE WHEN d.opener = o.buyer THEN 'buyer' ELSE 'seller' END"
ACTOR: Final = """CASE WHEN {0} IS NULL THEN 'system' WHEN {0} = o.buyer THEN 'buyer' WHEN {0} = o.seller THEN 'seller'
  ELSE 'staff' END"""
ORDER: Final = f"""json_build_object('id', o.id, 'order_number', o.number, 'kind', o.kind, 'title', {TITLE}, 'status', o.status,
  'total_amount', {money("o.total_minor")}, 'held_amount', {money(HELD)})"""
HEAD: Final = f"""d.id, {OPENED_BY} AS opened_by, d.reason, d.status, nullif(d.turn, '') AS awaits, d.due_at,
  {money("d.claim_minor")} AS requested_amount, d.currency, {ORDER} AS "order", d.created_at, d.updated_at"""
ROLE: Final = "CASE WHEN o.buyer = {} THEN 'buyer' ELSE 'seller' END AS role"

MESSAGES: Final = f"""(SELECT coalesce(json_agg(json_build_object('id', m.id, 'by', {ACTOR.format("m.author")},
    'username', u.username, 'message', m.body, 'is_internal', m.internal, 'created_at', m.at) ORDER BY m.at, m.id), '[]')
  FROM dispute_messages m JOIN users u ON u.id = m.author WHERE m.dispute = d.id AND (NOT m.internal OR {{internal}}))"""
PROPOSALS: Final = f"""(SELECT coalesce(json_agg(json_build_object('id', p.id,
    'by', CASE WHEN p.proposer = o.buyer THEN 'buyer' ELSE 'seller' END, 'buyer_amount', {money("p.buyer_minor")},
    'seller_amount', {money("p.seller_minor")}, 'message', p.message, 'status', p.status, 'created_at', p.created_at,
    'answered_at', p.answered_at) ORDER BY p.created_at, p.id), '[]')
  FROM dispute_proposals p WHERE p.dispute = d.id)"""
DECISIONS: Final = f"""(SELECT coalesce(json_agg(json_build_object('how', c.how, 'buyer_amount', {money("c.buyer_minor")},
    'seller_amount', {money("c.seller_minor")}, 'reason', c.reason, 'is_final', c.final, 'evidence_sha256', c.pack_sha256,
    'created_at', c.at) ORDER BY c.number), '[]')
  FROM dispute_decisions c WHERE c.dispute = d.id)"""
HISTORY: Final = f"""(SELECT coalesce(json_agg(json_build_object('status', h.to_status, 'note', h.note,
    'by', {ACTOR.format("h.actor")}, 'created_at', h.at) ORDER BY h.id), '[]')
  FROM dispute_history h WHERE h.dispute = d.id)"""
WHOLE: Final = f"""{HEAD}, d.description, {PERSON.format("b")} AS buyer, {PERSON.format("s")} AS seller,
  {MESSAGES} AS messages, {PROPOSALS} AS proposals, {DECISIONS} AS decisions,
  CASE WHEN d.appealed_by = o.buyer THEN 'buyer' WHEN d.appealed_by = o.seller THEN 'seller' END AS appealed_by,
  nullif(d.appeal, '') AS appeal_reason, {HISTORY} AS history, d.closed_at"""

EVIDENCE_OF: Final = records_json(EVIDENCE, "{}") + "::text"
SHOWN: Final = f"""SELECT row_to_json(shown)::text AS shown, {EVIDENCE_OF.format("shown.id")} AS evidence
  FROM (SELECT {ROLE.format("$2")}, {WHOLE.replace("{internal}", "false")}
  FROM {SOURCE} WHERE {{which}} AND $2 IN (o.buyer, o.seller) ORDER BY d.created_at DESC LIMIT 1) AS shown"""
BY_ID: Final = SHOWN.replace("{which}", "d.id = $1")
OF_ORDER: Final = SHOWN.replace("{which}", 'd."order" = $1')


async def list_disputes(listing: ListQuery[DisputeFilters], viewer: Viewer) -> Envelope[Page[DisputeCard]]:
    """Of which the viewer is a side."""
    rows = (
        listing.rows(SOURCE)
        .columns(f"{ROLE}, {HEAD}", viewer.id)
        .where("{} IN (o.buyer, o.seller)", viewer.id)
        .when("d.status = ANY({}::text[])", listing.filters.status)
    )
    return await rows.page(DisputeCard)


async def get_dispute(dispute_id: UUID, viewer_id: UUID) -> DisputeOut:
    """Of which the viewer is a side. Raises DisputeNotFound."""
    return await _get(BY_ID, dispute_id, viewer_id)


async def get_dispute_of(order_id: UUID, viewer_id: UUID) -> DisputeOut:
    """The last one about this order. Raises DisputeNotFound."""
    return await _get(OF_ORDER, order_id, viewer_id)


async def _get(statement: str, value: UUID, viewer_id: UUID) -> DisputeOut:
    row = await db.fetch_row(statement, value, viewer_id)
    if row is None:
        raise DisputeNotFound
    return whole(row, viewer_id)


def whole(row: Record, viewer_id: UUID) -> DisputeOut:
    """Of the columns `shown` and `evidence`, with links to the files for this viewer."""
    dispute = msgspec.json.decode(row["shown"], type=DisputeOut)
    owners = {dispute.buyer.id: OrderActor.BUYER, dispute.seller.id: OrderActor.SELLER}
    files = msgspec.json.decode(row["evidence"], type=list[MediaRecord])
    return structs.replace(
        dispute,
        evidence=[
            DisputeEvidence(
                by=owners.get(one.owner, OrderActor.STAFF), sha256=one.sha256, file=media_out(one, viewer_id),
                created_at=one.created_at,
            )
            for one in files
        ],
    )  # fmt: skip
