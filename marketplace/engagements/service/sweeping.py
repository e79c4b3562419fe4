"""Nothing that waits for a time is without a timer; should one be missing all the same, it is set."""

from typing import Final

from marketplace.core import clock, db, timers
from marketplace.engagements.service.asking import ANSWER
from marketplace.engagements.service.clockwork import LATENESS, very_late_after
from marketplace.engagements.service.offering import EXPIRY
from marketplace.engagements.service.opening import GIVE_UP

MISSING: Final = f"""
SELECT kind, id, due_at FROM (
  SELECT '{LATENESS}' AS kind, e.id, CASE WHEN e.late_at IS NULL THEN e.due_at ELSE e.due_at + $1 END AS due_at
    FROM engagements e JOIN orders o ON o.id = e.id
    WHERE o.status IN ('accepted', 'in_progress', 'in_revision') AND o.frozen_at IS NULL AND e.very_late_at IS NULL
  UNION ALL SELECT '{GIVE_UP}', e.id, e.accept_by FROM engagements e JOIN orders o ON o.id = e.id
    WHERE o.status = 'awaiting_requirements' AND o.kind = 'gig'
  UNION ALL SELECT '{ANSWER}', r.id, r.answer_by FROM engagement_requests r
    WHERE r.status = 'open' AND r.answer_by IS NOT NULL AND r.paused_at IS NULL
  UNION ALL SELECT '{EXPIRY}', c.id, c.expires_at FROM custom_offers c WHERE c.status = 'open'
) AS waiting WHERE due_at IS NOT NULL AND NOT EXISTS (SELECT FROM timers t WHERE t.kind = waiting.kind AND t.key = waiting.id::text)
ORDER BY due_at LIMIT 1000
"""


async def set_missing_timers() -> int:
    """How many there were."""
    found = await db.fetch(MISSING, await very_late_after())
    for row in found:
        await timers.schedule(row["kind"], row["id"], max(row["due_at"], clock.now()))
    return len(found)
