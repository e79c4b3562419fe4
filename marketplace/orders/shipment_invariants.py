"""What must always be true of shipments."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "no more is sent than was ordered and not called off": """
        SELECT l.id FROM order_line_progress p JOIN order_lines l ON l.id = p.id
        WHERE p.sent + p.cancelled > p.quantity OR p.quantity <> l.quantity""",
    "what counts as sent is in a shipment": """
        SELECT l.id FROM order_lines l LEFT JOIN order_line_progress p ON p.id = l.id LEFT JOIN shipment_lines i ON i.line = l.id
        GROUP BY l.id, p.sent HAVING coalesce(p.sent, 0) <> coalesce(sum(i.quantity), 0)""",
    "lines of a shipment are lines of its order": """
        SELECT s.id FROM shipments s LEFT JOIN shipment_lines i ON i.shipment = s.id LEFT JOIN order_lines l ON l.id = i.line
        WHERE (l."order" = s."order") IS NOT TRUE""",
    "an order counts its shipments": """
        SELECT o.id FROM orders o LEFT JOIN shipments s ON s."order" = o.id
        GROUP BY o.id HAVING o.sent_parts <> count(s.id) OR o.sent_parts <> coalesce(max(s.number), 0)""",
    "nothing is both cancelled and sent": """
        SELECT o.id FROM orders o WHERE o.phase IN ('unpaid', 'cancelled') AND EXISTS (SELECT FROM shipments s WHERE s."order" = o.id)""",
    "of a shipped order nothing is left to send": """
        SELECT o.id FROM orders o JOIN order_lines l ON l."order" = o.id LEFT JOIN order_line_progress p ON p.id = l.id
        WHERE (o.status = 'shipped' OR (o.sent_parts > 0 AND o.phase = 'completed'))
          AND l.quantity > coalesce(p.sent + p.cancelled, 0)""",
    "of an order that was received every part was delivered": """
        SELECT o.id FROM orders o JOIN shipments s ON s."order" = o.id WHERE o.status = 'delivered' AND s.delivered_at IS NULL""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
