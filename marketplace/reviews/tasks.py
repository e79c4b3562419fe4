"""Chores of reviews."""

from saq import CronJob
from saq.types import Context

from marketplace.core.housekeeping import cleaning
from marketplace.reviews.service.standing import recompute_all

CRON: list[CronJob[Context]] = [CronJob(cleaning(recompute_all), cron="11 2 * * *", timeout=3600)]
"""Every night: orders leave the year that levels look at, and staff change what levels demand."""
