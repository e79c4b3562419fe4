"""What must always be true of the shop. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "stock is what its journal sums to": """
        SELECT v.id FROM product_variants v LEFT JOIN stock_movements m ON m.variant = v.id GROUP BY v.id
        HAVING v.on_hand <> coalesce(sum(m.on_hand_change), 0) OR v.allocated <> coalesce(sum(m.allocated_change), 0)""",
    "no more is promised than there is": """
        SELECT id FROM product_variants WHERE on_hand < 0 OR allocated < 0 OR (tracks_stock AND allocated > on_hand)""",
    "each row of the journal follows the one before": """
        SELECT id FROM (SELECT id, on_hand_after, allocated_after,
          sum(on_hand_change) OVER w AS on_hand, sum(allocated_change) OVER w AS allocated
          FROM stock_movements WINDOW w AS (PARTITION BY variant ORDER BY id)) AS m
        WHERE (on_hand_after, allocated_after) <> (on_hand, allocated)""",
    "no order gives back or ships more than it reserved": """
        SELECT "order" AS id FROM stock_movements WHERE "order" IS NOT NULL
        GROUP BY "order", variant HAVING sum(allocated_change) < 0""",
    "no more leaves the shelf for an order than is in its shipments": """
        SELECT o.id FROM orders o JOIN (
          SELECT m."order", m.variant, -m.allocated_change AS n FROM stock_movements m WHERE m.kind = 'shipped'
          UNION ALL SELECT s."order", l.subject, -i.quantity FROM shipments s JOIN shipment_lines i ON i.shipment = s.id
          JOIN order_lines l ON l.id = i.line) AS b ON b."order" = o.id
        WHERE o.kind = 'shop' GROUP BY o.id, b.variant HAVING sum(b.n) > 0""",
    "no more comes back of an order than was sent": """
        SELECT "order" AS id FROM stock_movements WHERE "order" IS NOT NULL GROUP BY "order", variant
        HAVING coalesce(sum(on_hand_change) FILTER (WHERE kind = 'returned'), 0)
          > coalesce(-sum(allocated_change) FILTER (WHERE kind = 'shipped'), 0)""",
    "what is promised is promised to an order": """
        SELECT id FROM stock_movements WHERE allocated_change <> 0 AND "order" IS NULL""",
    "a product has something to sell": """
        SELECT p.id FROM products p WHERE p.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM product_variants v WHERE v.product = p.id AND v.is_active)""",
    "variants count their stock as their product does": """
        SELECT v.id FROM product_variants v JOIN products p ON p.id = v.product WHERE v.tracks_stock <> p.tracks_stock""",
    "a category counts what is for sale in it": """
        SELECT p.id FROM products p LEFT JOIN category_items i ON i.kind = 'product' AND i.item = p.id
        WHERE i.category IS DISTINCT FROM CASE WHEN p.status = 'active' AND p.deleted_at IS NULL THEN p.category END""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
