"""What must always be true of returns."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "no more is sent back than was bought": """
        SELECT l.id FROM order_lines l JOIN order_return_lines i ON i.line = l.id JOIN order_returns r ON r.id = i.order_return
        WHERE r.status NOT IN ('rejected', 'cancelled') GROUP BY l.id HAVING sum(i.quantity) > l.quantity""",
    "what was sent back of a line is worth its share of it": """
        SELECT l.id FROM order_lines l JOIN order_return_lines i ON i.line = l.id JOIN order_returns r ON r.id = i.order_return
        WHERE r.status IN ('received', 'refunded') GROUP BY l.id
        HAVING sum(i.amount_minor) <> div((l.subtotal_minor - l.discount_minor + l.tax_minor) * sum(i.quantity)::numeric, l.quantity)""",
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
