"""Calendar months from an anchor, and what a change within a period costs. Pure; amounts are minor units."""

from calendar import monthrange
from datetime import datetime


def add_months(anchor: datetime, months: int) -> datetime:
    """So many calendar months after the anchor, at its time of day; the last day of a month that has no such day.

    Always counted from the anchor, so that a month end comes back: January 31, February 28, March 31.
    """
    years, month = divmod(anchor.month - 1 + months, 12)
    year = anchor.year + years
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def prorated(*, old: int, new: int, start: datetime, end: datetime, at: datetime) -> int:
    """What the rest of a period that was bought for `old` costs at `new`, by the second, rounded down.

    Below zero where the old price was the higher one.
    """
    return (new - old) * _seconds_left(start, end, at) // _seconds(start, end)


def restarted(*, old: int, new: int, start: datetime, end: datetime, at: datetime) -> int:
    """What a whole new period from now on costs at `new`, less the unused rest of the old one, by the second, rounded down."""
    return new + (-old * _seconds_left(start, end, at)) // _seconds(start, end)


def _seconds(start: datetime, end: datetime) -> int:
    return max(1, int((end - start).total_seconds()))


def _seconds_left(start: datetime, end: datetime, at: datetime) -> int:
    return min(_seconds(start, end), max(0, int((end - at).total_seconds())))
