"""What orders say of a person: to the copy of their data, and when they want to leave.

Orders, their lines, addresses and histories are financial records: they stay under the account's id, which names nobody after
an erasure, for as long as the law wants them kept.
"""

from typing import Final
from uuid import UUID

from marketplace.accounts import privacy
from marketplace.accounts.privacy import Obligation, rows
from marketplace.core import db

privacy.exporter(
    "orders",
    rows(
        "SELECT o.id, o.number, o.kind, o.buyer = $1 AS as_buyer, o.status, o.phase, o.currency, o.subtotal_minor, "
        "o.discount_minor, o.tax_minor, o.shipping_minor, o.total_minor, "
        "CASE WHEN o.seller = $1 THEN o.commission_minor END AS commission_minor, o.captured_minor, o.released_minor, "
        "o.refunded_minor, o.shipping_address, CASE WHEN o.buyer = $1 THEN o.billing_address END AS billing_address, o.note, "
        "o.carrier, o.tracking_number, o.cancel_reason, o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, "
        "o.cancelled_at, o.created_at, "
        "(SELECT json_agg(json_build_object('title', l.title, 'quantity', l.quantity, 'subtotal_minor', "
        'l.subtotal_minor) ORDER BY l.position) FROM order_lines l WHERE l."order" = o.id) AS lines, '
        "(SELECT json_agg(json_build_object('carrier', s.carrier, 'tracking_number', s.tracking_number, 'shipped_at', "
        "s.shipped_at, 'delivered_at', s.delivered_at) ORDER BY s.number) "
        'FROM shipments s WHERE s."order" = o.id) AS shipments '
        "FROM orders o WHERE $1 IN (o.buyer, o.seller) ORDER BY o.id"
    ),
)
privacy.exporter(
    "order_history",
    rows('SELECT "order", from_status, to_status, note, at FROM order_history WHERE actor = $1 ORDER BY id'),
)
privacy.exporter(
    "checkouts", rows("SELECT id, currency, created_at, paid_at FROM checkouts WHERE buyer = $1 ORDER BY id")
)

privacy.exporter(
    "order_parts",
    rows(
        'SELECT x."order", x.position, x.title, x.amount_minor, x.refunded_minor, x.paid_at '
        'FROM order_parts x JOIN orders o ON o.id = x."order" WHERE $1 IN (o.buyer, o.seller) ORDER BY x."order", x.position'
    ),
)

SAID: Final = {
    ("unpaid", True): "Your order {} waits to be paid: pay or cancel it first.",
    ("unpaid", False): "The buyer of order {} has not paid yet.",
    ("open", True): "Your order {} is not complete: confirm its receipt first.",
    ("open", False): "You have order {} to fulfil.",
    ("completed", False): "The money of order {} has not cleared yet.",
}


async def _what_others_wait_for(user_id: UUID) -> list[Obligation]:
    found = await db.fetch(
        "SELECT id, number, phase, buyer = $1 AS bought FROM orders WHERE $1 IN (buyer, seller) AND (phase IN ('unpaid', 'open') "
        "OR (seller = $1 AND phase = 'completed' AND clears_at IS NOT NULL AND cleared_at IS NULL)) ORDER BY id",
        user_id,
    )
    return [
        Obligation(
            kind=f"{row['phase']}_order", message=SAID[row["phase"], row["bought"]].format(row["number"]), path=f"/orders/{row['id']}"
        )
        for row in found
    ]  # fmt: skip


privacy.blocker("orders", _what_others_wait_for)
