from typing import Final

import structlog
from saq import CronJob
from saq.types import Context

from marketplace.payments.reconciliation.running import reconcile

log = structlog.get_logger(__name__)


async def reconcile_books(_: Context) -> None:
    """Every hour. A break pauses payouts until staff have closed it."""
    report = await reconcile()
    say = log.error if report.found else log.info
    say("reconciliation.done", checked=report.checked, unheard=report.unheard, broken=len(report.found), new=report.new)


CRON: Final[list[CronJob[Context]]] = [CronJob(reconcile_books, cron="23 * * * *", timeout=1800)]
