"""What must always be true of reviews. A rating that is wrong is put right by `service.recompute_rating`."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

RATED: Final = """SELECT p.id, coalesce(sum(r.rating), 0)::int AS rating_sum, count(r.id)::int AS rating_count
  FROM products p LEFT JOIN reviews r ON r.kind = 'product' AND r.subject = p.id AND r.hidden_at IS NULL GROUP BY p.id"""

BROKEN: Final = {
    "a product is rated as its reviews rate it": f"""
        SELECT p.id FROM products p JOIN ({RATED}) AS r ON r.id = p.id
        WHERE (p.rating_sum, p.rating_count) <> (r.rating_sum, r.rating_count)""",
    "a review is by who bought the product": """
        SELECT r.id FROM reviews r JOIN order_lines l ON l.id = r.order_line JOIN orders o ON o.id = l."order"
        LEFT JOIN product_variants v ON v.id = l.subject
        WHERE o.buyer <> r.author OR o.phase <> 'completed' OR v.product IS DISTINCT FROM r.subject""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
