"""What must always be true of the work under orders. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "every order of a gig has its work, and nothing else has": """
        SELECT o.id FROM orders o LEFT JOIN engagements e ON e.id = o.id WHERE (o.kind = 'gig') <> (e.id IS NOT NULL)""",
    "work is accepted, and has a due date, when its order says so": """
        SELECT o.id FROM orders o JOIN engagements e ON e.id = o.id
        WHERE o.phase IN ('unpaid', 'open') AND (o.status IN ('pending_payment', 'awaiting_requirements')) <> (e.accepted_at IS NULL)
          OR (e.accepted_at IS NULL) <> (e.due_at IS NULL)""",
    "the clock stands while it is not the seller's turn": """
        SELECT o.id FROM orders o JOIN engagements e ON e.id = o.id
        WHERE o.status IN ('delivered', 'disputed') AND e.clock_stopped_at IS NULL""",
    "no more revisions are used than were agreed": """
        SELECT id FROM engagements WHERE revisions_used > coalesce(revisions_allowed, revisions_used)""",
    "very late is late first": """
        SELECT id FROM engagements WHERE very_late_at IS NOT NULL AND late_at IS NULL""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
