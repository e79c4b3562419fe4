"""What must always be true of returns."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "no more is sent back than was delivered": """
        SELECT l.id FROM order_lines l JOIN order_return_lines i ON i.line = l.id JOIN order_returns r ON r.id = i.order_return
        WHERE r.status NOT IN ('rejected', 'cancelled') GROUP BY l.id
        HAVING sum(i.quantity) > coalesce((SELECT sum(s.quantity) FROM shipment_lines s JOIN shipments p ON p.id = s.shipment
          WHERE s.line = l.id AND p.delivered_at IS NOT NULL), 0)""",
    "what was sent back or called off of a line is worth its share of it": """
        SELECT l.id FROM order_lines l JOIN (
          SELECT i.line, i.quantity, i.amount_minor FROM order_return_lines i JOIN order_returns r ON r.id = i.order_return
          WHERE r.status IN ('received', 'refunded')
          UNION ALL SELECT line, quantity, amount_minor FROM order_line_cancellations) AS b ON b.line = l.id
        GROUP BY l.id
        HAVING sum(b.amount_minor) <> div((l.subtotal_minor - l.discount_minor + l.tax_minor) * sum(b.quantity)::numeric, l.quantity)
          OR sum(b.quantity) > l.quantity""",
    "a return is worth its lines and the shipping": """
        SELECT r.id FROM order_returns r WHERE r.amount_minor <> r.shipping_minor
          + (SELECT sum(i.amount_minor) FROM order_return_lines i WHERE i.order_return = r.id)""",
    "lines of a return are lines of its order": """
        SELECT r.id FROM order_returns r JOIN order_return_lines i ON i.order_return = r.id JOIN order_lines l ON l.id = i.line
        WHERE l."order" <> r."order" OR l.subject <> i.variant""",
    "the shipping of an order is given back once": """
        SELECT "order" AS id FROM order_returns WHERE shipping_minor > 0 GROUP BY "order" HAVING count(*) > 1""",
    "what a return paid back is a refund of its order": """
        SELECT r.id FROM order_returns r LEFT JOIN refunds f ON f.id = r.refund_id AND f.order_id = r."order"
        WHERE coalesce(f.amount_minor, 0) <> r.refunded_minor""",
    "what was called off by line is not sent": """
        SELECT l.id FROM order_lines l JOIN order_line_cancellations c ON c.line = l.id LEFT JOIN order_line_progress p ON p.id = l.id
        GROUP BY l.id, p.cancelled HAVING sum(c.quantity) > coalesce(p.cancelled, 0)""",
    "what was called off and paid back is a refund of its order": """
        SELECT c."order" AS id FROM order_line_cancellations c LEFT JOIN refunds f ON f.id = c.cancellation AND f.order_id = c."order"
        GROUP BY c.cancellation, c."order", f.amount_minor HAVING sum(c.refunded_minor) <> coalesce(f.amount_minor, 0)""",
    "what comes back of an order is on the shelf once": """
        SELECT o.id FROM orders o JOIN (
          SELECT m."order", m.variant, m.on_hand_change AS n FROM stock_movements m WHERE m.kind = 'returned'
          UNION ALL SELECT r."order", i.variant, -i.quantity FROM order_returns r JOIN order_return_lines i ON i.order_return = r.id
          WHERE r.restocked) AS b ON b."order" = o.id
        WHERE o.kind = 'shop' GROUP BY o.id, b.variant HAVING sum(b.n) <> 0""",
    "an order waits for the returns that are open": """
        SELECT o.id FROM orders o LEFT JOIN order_returns r ON r."order" = o.id AND r.status IN ('requested', 'approved')
        GROUP BY o.id HAVING o.open_returns <> count(r.id)""",
    "a return stands where its history ends": """
        SELECT r.id FROM order_returns r WHERE r.status IS DISTINCT FROM (SELECT h.to_status FROM order_return_history h
          WHERE h.order_return = r.id ORDER BY h.id DESC LIMIT 1)""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
