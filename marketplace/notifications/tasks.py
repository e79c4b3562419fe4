"""Chores of the inbox."""

from typing import Final

from saq import CronJob
from saq.types import Context

from marketplace.core.housekeeping import cleaning, delete_old

KEEP_READ_DAYS: Final = 90
KEEP_DAYS: Final = 365


async def delete_old_notifications() -> int:
    """What was read `KEEP_READ_DAYS` ago, and what nobody has read in `KEEP_DAYS`."""
    return await delete_old(
        "notifications",
        "read_at < now() - make_interval(days => $1) OR happened_at < now() - make_interval(days => $2)",
        KEEP_READ_DAYS, KEEP_DAYS,
    )  # fmt: skip


CRON: list[CronJob[Context]] = [CronJob(cleaning(delete_old_notifications), cron="41 3 * * *", timeout=600)]
