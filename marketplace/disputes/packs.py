"""The evidence pack of a dispute: everything that is known about its order, gathered by itself.

Whoever knows more of an order than the spine adds to it:

    packs.contribute("deliveries", deliveries_of_order)
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db
from marketplace.ledger.queries import get_postings
from marketplace.orders import parts

Contributor: TypeAlias = Callable[[UUID], Awaitable[Any]]
"""(the order's id) -> what is known, as JSON types. Nothing that is secret from a side."""

_contributors: dict[str, Contributor] = {}

PACK: Final = f"""
SELECT json_build_object(
  'dispute', (SELECT row_to_json(x) FROM (SELECT d.id, CASE WHEN d.opener = o.buyer THEN 'buyer' ELSE 'seller' END AS opened_by,
      d.reason, d.description, d.currency, d.claim_minor, d.held_minor, d.appeal, d.created_at) x),
  'order', (SELECT row_to_json(x) FROM (SELECT o.id, o.number, o.kind, o.buyer, o.seller, o.currency, o.subtotal_minor,
      o.discount_minor, o.tax_minor, o.shipping_minor, o.total_minor, o.commission_minor, o.captured_minor, o.released_minor,
      o.refunded_minor, o.note, o.carrier, o.tracking_number, o.shipping_address, o.paid_at, o.shipped_at, o.delivered_at,
      o.created_at) x),
  'lines', (SELECT coalesce(json_agg(x ORDER BY x.position), '[]') FROM (SELECT l.position, l.title, l.variant, l.sku, l.quantity,
      l.subtotal_minor, l.discount_minor, l.tax_minor, l.snapshot FROM order_lines l WHERE l."order" = o.id) x),
  'history', (SELECT coalesce(json_agg(x ORDER BY x.id), '[]') FROM (SELECT h.id, h.from_status, h.to_status, h.actor, h.note, h.at
      FROM order_history h WHERE h."order" = o.id) x),
  'payments', (SELECT coalesce(json_agg(x ORDER BY x.created_at, x.id), '[]') FROM (SELECT p.id, p.provider, p.status,
      p.amount_minor, p.captured_minor, p.refunded_minor, p.created_at FROM payments p
      WHERE p.purpose = 'checkout' AND p.subject IN {parts.CHECKOUTS.format("o.id")}) x),
  'refunds', (SELECT coalesce(json_agg(x ORDER BY x.created_at, x.id), '[]') FROM (SELECT r.id, r.amount_minor, r.status, r.reason,
      r.created_at FROM refunds r WHERE r.order_id = o.id) x),
  'messages', (SELECT coalesce(json_agg(x ORDER BY x.id), '[]') FROM (SELECT m.id, m.author, m.body, m.at FROM dispute_messages m
      WHERE m.dispute = d.id AND NOT m.internal) x),
  'evidence', (SELECT coalesce(json_agg(x ORDER BY x.id), '[]') FROM (SELECT m.id, m.owner, m.filename, m.received_type, m.byte_size,
      m.sha256, m.created_at FROM media m WHERE m.purpose = 'evidence' AND m.subject = d.id AND m.state <> 'removed') x),
  'proposals', (SELECT coalesce(json_agg(x ORDER BY x.id), '[]') FROM (SELECT p.id, p.proposer, p.buyer_minor, p.seller_minor,
      p.message, p.status, p.created_at FROM dispute_proposals p WHERE p.dispute = d.id) x))::text AS pack, o.id AS order_id
FROM disputes d JOIN orders o ON o.id = d."order" WHERE d.id = $1
"""


class Pack(Struct, frozen=True):
    """JSON with sorted keys, and the hash of exactly this text."""

    text: str
    sha256: str


def contribute(name: str, contributor: Contributor) -> None:
    _contributors[name] = contributor


async def gather(dispute_id: UUID) -> Pack:
    """As it is now. The dispute is one that is there."""
    row = await db.fetch_row(PACK, dispute_id)
    assert row is not None, "somebody has just looked at it"
    pack: dict[str, Any] = msgspec.json.decode(row["pack"])
    pack["postings"] = msgspec.to_builtins(await get_postings("order_id", row["order_id"]))
    for name, contributor in sorted(_contributors.items()):
        pack[name] = msgspec.to_builtins(await contributor(row["order_id"]))
    text = msgspec.json.encode(pack, order="sorted")
    return Pack(text.decode(), sha256(text).hexdigest())


def canonical(pack: str) -> bytes:
    """The text that was hashed, of a pack as Postgres keeps it."""
    return msgspec.json.encode(msgspec.json.decode(pack), order="sorted")


def hash_of(pack: str) -> str:
    """Of a pack as Postgres keeps it."""
    return sha256(canonical(pack)).hexdigest()
