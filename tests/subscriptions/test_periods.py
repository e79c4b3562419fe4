"""Calendar months and proration: pure, and exact to the second and the cent."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.subscriptions.periods import add_months, prorated, restarted

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
LENGTH = 30 * 86_400
DAYS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC, microsecond=0))
MINOR = st.integers(0, 10**9)
SECONDS = st.integers(0, LENGTH)


@pytest.mark.parametrize(
    ("anchor", "ends"),
    [
        ("2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2024-01-30", ["2024-02-29", "2024-03-30", "2024-04-30", "2024-05-30"]),
        ("2026-11-30", ["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
        ("2026-12-15", ["2027-01-15", "2027-02-15", "2027-03-15", "2027-04-15"]),
    ],
)
def test_month_ends_come_back(anchor, ends):
    at = datetime.fromisoformat(f"{anchor}T13:14:15Z")
    assert [f"{add_months(at, n):%Y-%m-%dT%H:%M:%S}" for n in range(1, 5)] == [f"{end}T13:14:15" for end in ends]


def test_a_leap_day_comes_back_in_leap_years():
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert [add_months(leap, 12 * n).day for n in range(5)] == [29, 28, 28, 28, 29]


@given(anchor=DAYS, months=st.integers(1, 60))
def test_periods_follow_each_other_without_gap_or_overlap(anchor, months):
    starts = [add_months(anchor, n) for n in range(months)]
    assert all(timedelta(days=28) <= after - before <= timedelta(days=31) for before, after in pairwise(starts))
    assert all(start.time() == anchor.time() and start.day <= anchor.day for start in starts)


def test_worked_cases():
    """Half of November left: half of the difference. One second left: less than a cent, so nothing."""
    half = datetime(2026, 11, 16, tzinfo=UTC)
    assert prorated(old=499, new=1499, start=START, end=END, at=half) == 500
    assert prorated(old=499, new=1499, start=START, end=END, at=END - timedelta(seconds=1)) == 0
    assert restarted(old=1499, new=14990, start=START, end=END, at=half) == 14240  # 749.5 are unused
    assert restarted(old=14990, new=499, start=START, end=END, at=half) < 0


@given(old=MINOR, new=MINOR, at=DAYS)
def test_the_rest_costs_at_most_the_difference_and_nothing_at_the_end(old, new, at):
    cost = prorated(old=old, new=new, start=START, end=END, at=at)
    assert (0 <= cost <= new - old) if new >= old else (new - old <= cost <= 0)
    assert prorated(old=old, new=new, start=START, end=END, at=START) == new - old
    assert prorated(old=old, new=new, start=START, end=END, at=END) == 0


@given(old=MINOR, more=MINOR, seconds=st.tuples(SECONDS, SECONDS))
def test_the_later_the_cheaper(old, more, seconds):
    early, late = sorted(START + timedelta(seconds=n) for n in seconds)
    first, second = (prorated(old=old, new=old + more, start=START, end=END, at=at) for at in (early, late))
    assert first >= second


@given(prices=st.tuples(MINOR, MINOR, MINOR), seconds=SECONDS)
def test_two_steps_cost_what_one_does_but_for_a_cent(prices, seconds):
    low, middle, high = sorted(prices)
    at = START + timedelta(seconds=seconds)

    def step(old: int, new: int) -> int:
        return prorated(old=old, new=new, start=START, end=END, at=at)

    assert 0 <= step(low, high) - step(low, middle) - step(middle, high) <= 1


@given(old=MINOR, new=MINOR, seconds=SECONDS)
def test_a_new_period_costs_its_price_less_what_is_unused(old, new, seconds):
    cost = restarted(old=old, new=new, start=START, end=END, at=START + timedelta(seconds=seconds))
    unused = new - cost
    assert unused - 1 < old * (LENGTH - seconds) / LENGTH <= unused or unused == old * (LENGTH - seconds) // LENGTH
    assert 0 <= unused <= old
