"""What must always be true of gigs. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "a gig with packages has one main one": """
        SELECT gig AS id FROM gig_packages WHERE archived_at IS NULL GROUP BY gig HAVING count(*) FILTER (WHERE is_main) <> 1""",
    "a gig says what its main package costs": """
        SELECT g.id FROM gigs g LEFT JOIN gig_packages p ON p.gig = g.id AND p.is_main
        WHERE (g.starting_minor, g.delivery_days) IS DISTINCT FROM (p.price_minor, p.delivery_days)""",
    "what is shown, or waits for that, has a price and a category": """
        SELECT id FROM gigs WHERE status IN ('pending', 'published') AND (starting_minor IS NULL OR category IS NULL)""",
    "a gig is completed no more often than it was ordered": """
        SELECT id FROM gigs WHERE completed_count > order_count""",
    "a category counts the gigs that are shown in it": """
        SELECT g.id FROM gigs g LEFT JOIN category_items i ON i.kind = 'gig' AND i.item = g.id
        WHERE i.category IS DISTINCT FROM CASE WHEN g.status = 'published' AND g.hidden_at IS NULL THEN g.category END""",
    "nothing is filed for a gig that is not there": """
        SELECT item AS id FROM category_items i WHERE i.kind = 'gig' AND NOT EXISTS (SELECT FROM gigs g WHERE g.id = i.item)
        UNION SELECT item FROM tag_items i WHERE i.kind = 'gig' AND NOT EXISTS (SELECT FROM gigs g WHERE g.id = i.item)""",
    "the gigs of a suspended seller are hidden": """
        SELECT g.id FROM gigs g JOIN users u ON u.id = g.seller WHERE u.status = 'banned' AND g.hidden_at IS NULL
        AND u.updated_at < now() - interval '10 minutes'""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
