"""What happens to subscriptions at a time. Each action looks at the present state first, so that a late or second one is harmless."""

from datetime import timedelta
from uuid import UUID

import structlog

from marketplace.core import clock, db, timers
from marketplace.core.timers import Payload, every, timer
from marketplace.subscriptions.service import collecting
from marketplace.subscriptions.service.ending import PERIOD_END, RETRY

log = structlog.get_logger(__name__)

MISSING = """
SELECT s.id, s.period_end, EXISTS (
    SELECT FROM subscription_charges c WHERE c.subscription = s.id AND c.status = 'open' AND c.kind = 'renewal') AS is_billed
FROM subscriptions s WHERE s.status IN ('active', 'past_due')
  AND NOT EXISTS (SELECT FROM timers t WHERE t.kind IN ($1, $2) AND t.key = s.id::text)
"""


@timer(PERIOD_END)
async def period_end(key: str, _: Payload) -> None:
    await collecting.period_ended(UUID(key))


@timer(RETRY)
async def retry(key: str, _: Payload) -> None:
    await collecting.look_again(UUID(key))


@every(timedelta(minutes=5))
async def sweep() -> None:
    """Nothing that lives is without a timer; should one be missing all the same, it is set."""
    for row in await db.fetch(MISSING, PERIOD_END, RETRY):
        log.warning("subscriptions.timer_was_missing", subscription_id=str(row["id"]))
        await timers.schedule(RETRY if row["is_billed"] else PERIOD_END, row["id"], max(row["period_end"], clock.now()))
