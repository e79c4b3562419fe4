"""What the ways to sell and to send know of an order in dispute: parts, parcels, returns, and work that was agreed and delivered.

Each is left empty for an order that has none of it. Amounts are minor units of the order's currency.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.disputes import packs

PARTS: Final = """
SELECT coalesce(json_agg(x ORDER BY x.position), '[]')::text FROM (
  SELECT position, title, amount_minor, refunded_minor, due_at, paid_at FROM order_parts WHERE "order" = $1) x
"""
SHIPMENTS: Final = """
SELECT coalesce(json_agg(x ORDER BY x.number), '[]')::text FROM (
  SELECT s.number, s.carrier, s.tracking_number, s.tracking_url, s.shipped_at, s.delivered_at, s.confirmed_at,
    (SELECT coalesce(json_agg(json_build_object('title', l.title, 'variant', l.variant, 'quantity', t.quantity) ORDER BY t.id), '[]')
     FROM shipment_lines t JOIN order_lines l ON l.id = t.line WHERE t.shipment = s.id) AS lines
  FROM shipments s WHERE s."order" = $1) x
"""
RETURNS: Final = """
SELECT coalesce(json_agg(x ORDER BY x.created_at, x.id), '[]')::text FROM (
  SELECT r.id, r.status, r.reason, r.answer, r.amount_minor, r.shipping_minor, r.refunded_minor, r.created_at, r.received_at,
    (SELECT coalesce(json_agg(json_build_object('title', l.title, 'variant', l.variant, 'quantity', t.quantity,
       'amount_minor', t.amount_minor) ORDER BY t.id), '[]')
     FROM order_return_lines t JOIN order_lines l ON l.id = t.line WHERE t.order_return = r.id) AS lines,
    (SELECT coalesce(json_agg(json_build_object('from_status', h.from_status, 'to_status', h.to_status, 'reason', h.reason,
       'at', h.at) ORDER BY h.id), '[]')
     FROM order_return_history h WHERE h.order_return = r.id) AS history
  FROM order_returns r WHERE r."order" = $1) x
"""
WORK: Final = """
SELECT row_to_json(x)::text FROM (
  SELECT e.delivery_days, e.extended_days, e.revisions_allowed, e.revisions_used, e.accepted_at, e.started_at, e.due_at, e.late_at,
    e.very_late_at,
    (SELECT f.description FROM custom_offers f WHERE f.id = e.offer) AS offer,
    (SELECT coalesce(json_agg(y ORDER BY y.position), '[]') FROM (SELECT q.position, q.question, q.is_required, q.answer, q.chosen,
       q.answered_at, (SELECT coalesce(json_agg(json_build_object('id', m.id, 'name', m.filename, 'bytes', m.byte_size,
         'sha256', m.sha256) ORDER BY m.position, m.id), '[]')
         FROM media m WHERE m.purpose = 'brief' AND m.subject = q.id AND m.state <> 'removed') AS files
       FROM engagement_requirements q WHERE q.engagement = e.id) y) AS requirements,
    (SELECT coalesce(json_agg(y ORDER BY y.version), '[]') FROM (SELECT d.id, d.version, d.message, d.status, d.answer, d.files,
       d.seen_at, d.answered_at, d.created_at FROM deliveries d WHERE d.engagement = e.id) y) AS deliveries,
    (SELECT coalesce(json_agg(y ORDER BY y.created_at), '[]') FROM (SELECT r.kind,
       CASE WHEN r.asked_by = o.buyer THEN 'buyer' ELSE 'seller' END AS asked_by, r.days, r.reason, r.status, r.answer,
       r.answer_by, r.answered_at, r.created_at FROM engagement_requests r WHERE r.engagement = e.id) y) AS requests,
    (SELECT coalesce(json_agg(y ORDER BY y.position), '[]') FROM (SELECT s.position, s.title, s.description, s.status,
       s.amount_minor, s.carried_minor, s.released_minor, s.returned_minor, s.due_at, s.message, s.answer, s.submitted_at,
       s.approved_at FROM milestones s WHERE s.engagement = e.id) y) AS milestones
  FROM engagements e JOIN orders o ON o.id = e.id WHERE e.id = $1) x
"""
KNOWN: Final[Mapping[str, str]] = {"parts": PARTS, "shipments": SHIPMENTS, "returns": RETURNS, "work": WORK}
"""The names they have in a pack, and the statements that find them by the order's id."""


def _reader(statement: str) -> packs.Contributor:
    async def read(order_id: UUID) -> Any:
        found = await db.fetch_val(statement, order_id)
        return None if found is None else msgspec.json.decode(found)

    return read


for _name, _statement in KNOWN.items():
    packs.contribute(_name, _reader(_statement))
