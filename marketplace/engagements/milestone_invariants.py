"""What must always be true of milestones. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

AGREED: Final = "milestones m JOIN milestone_plans p ON p.id = m.engagement AND p.agreed_at IS NOT NULL JOIN orders o ON o.id = p.id"

BROKEN: Final = {
    "milestones that were agreed divide the order's total exactly": f"""
        SELECT o.id FROM {AGREED} GROUP BY o.id, o.total_minor HAVING sum(m.amount_minor + m.returned_minor) <> o.total_minor""",
    "what was released of an order in milestones was released of them": f"""
        SELECT o.id FROM {AGREED} GROUP BY o.id, o.released_minor HAVING sum(m.released_minor) <> o.released_minor""",
    "no milestone is released beyond its amount, and while the order is open, all of what was approved": f"""
        SELECT m.id FROM {AGREED} WHERE m.released_minor > m.amount_minor OR m.carried_minor > m.amount_minor + m.returned_minor
          OR (m.status = 'approved' AND o.phase = 'open' AND m.released_minor <> m.amount_minor)
          OR (m.status NOT IN ('approved', 'funded', 'submitted', 'cancelled') AND m.released_minor <> 0)""",
    "milestones are paid in the parts of their order": f"""
        SELECT m.id FROM {AGREED} LEFT JOIN order_parts x ON x."order" = o.id AND x.position = m.position
        WHERE p.one_by_one AND (x.id IS NULL OR (m.status = 'planned') AND x.paid_at IS NOT NULL
          OR m.status IN ('funded', 'submitted', 'approved') AND x.paid_at IS NULL
          OR m.status = 'planned' AND x.amount_minor <> m.amount_minor - m.carried_minor)""",
    "milestones are done one after the other": f"""
        SELECT m.id FROM {AGREED} JOIN milestones b ON b.engagement = m.engagement AND b.position = m.position - 1
        WHERE o.phase IN ('unpaid', 'open') AND m.status IN ('submitted', 'approved') AND b.status <> 'approved'
        UNION SELECT engagement FROM milestones GROUP BY engagement HAVING max(position) <> count(*) OR min(position) <> 1""",
    "milestones are as far as their order": """
        SELECT m.id FROM milestones m JOIN orders o ON o.id = m.engagement LEFT JOIN milestone_plans p ON p.id = o.id
        WHERE p.id IS NULL OR (o.phase IN ('completed', 'cancelled') AND m.status NOT IN ('approved', 'cancelled'))
          OR (o.phase IN ('unpaid', 'open') AND ((m.status = 'proposed') <> (p.agreed_at IS NULL) OR m.status = 'cancelled'))""",
    "a milestone that waits for the buyer has a time by which silence approves it": """
        SELECT m.id FROM milestones m JOIN orders o ON o.id = m.engagement
        WHERE m.status = 'submitted' AND m.approve_by IS NULL AND o.status NOT IN ('delivered', 'disputed')
          OR m.status <> 'submitted' AND m.approve_by IS NOT NULL""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
