"""What must always be true of files. What breaks it was not swept or not worked on: look for a timer or a job that fails."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "a file that belongs to nothing is gone after a day": """
        SELECT id FROM media WHERE loose AND created_at < now() - interval '25 hours'""",
    "a file that waits to be used has its timer": """
        SELECT m.id FROM media m WHERE m.loose
        AND NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'media.loose' AND t.key = m.id::text)""",
    "a file is taken in or given up within the hour": """
        SELECT id FROM media WHERE state = 'receiving' AND created_at < now() - interval '1 hour'""",
    "a file is worked on or refused within four days": """
        SELECT id FROM media WHERE state = 'pending' AND created_at < now() - interval '4 days'""",
    "a removed file says no name": "SELECT id FROM media WHERE state = 'removed' AND (filename <> '' OR loose)",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
