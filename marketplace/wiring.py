"""Everything that registers itself when imported: listeners, timers, jobs. App, worker and commands import this first.

An event is stored for the listeners known to the process that emits it, so every process must know them all.
"""

from saq import CronJob
from saq.types import Context

import marketplace.accounts.handlers
import marketplace.auctions.handlers
import marketplace.auctions.invariants
import marketplace.auctions.personal_data
import marketplace.auctions.timers
import marketplace.core.mail
import marketplace.ledger.invariants
import marketplace.media.handlers
import marketplace.moderation.handlers
import marketplace.notifications.handlers
import marketplace.notifications.personal_data  # noqa: F401 - for what they register
from marketplace.accounts import cleaning, tickets
from marketplace.core import housekeeping, ratelimit_hits
from marketplace.notifications import tasks as notification_tasks

CRON: list[CronJob[Context]] = [
    *housekeeping.CRON,
    *notification_tasks.CRON,
    CronJob(housekeeping.cleaning(tickets.delete_stale_tickets), cron="*/10 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(ratelimit_hits.delete_old_hits), cron="17 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_spent_links), cron="27 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_spent_refresh_tokens), cron="37 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_old_sessions), cron="47 3 * * *", timeout=300),
]
"""What is done by the clock and may be late: SAQ runs each once, whichever worker is first."""
