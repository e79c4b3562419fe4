"""GOALS, races of payouts: several processes on the same money; afterwards the invariants hold."""

from collections import Counter

import pytest

from marketplace.core import db
from marketplace.payments.service import payouts
from tests.factories import a_user
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.payouts import a_payout, an_earner, debt_of, path_of, pay_in, status_of, where_it_is
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.payout_deeds"


@pytest.mark.parametrize("source", ["earnings", "wallet"])
async def test_50_withdrawals_of_the_whole_balance(source):
    user = await an_earner(10_000)
    await pay_in(wallet_of(user), 10_000)
    job = {"user": str(user), "source": source, "minor": 10_000}
    hands = await run_together(f"{DEEDS}:withdraw", *({**job, "times": times} for times in (17, 17, 16)))
    results = Counter(word for hand in hands for word in hand)
    assert results == {"done": 1, "nothing_to_pay_out": 49}
    assert await db.fetch_val("SELECT count(*) FROM payouts") == 1
    left = (await balance_of(wallet_of(user)), (await where_it_is(user))[0])
    assert left == ((10_000, 0) if source == "earnings" else (0, 10_000))
    await hold_invariants()


async def test_50_withdrawals_of_thirty_percent():
    user = await an_earner(10_000)
    job = {"user": str(user), "source": "earnings", "minor": 3_000}
    hands = await run_together(f"{DEEDS}:withdraw", *({**job, "times": times} for times in (17, 17, 16)))
    assert Counter(word for hand in hands for word in hand) == {"done": 3, "insufficient_funds": 47}
    assert (await where_it_is(user))[:2] == (1_000, 9_000)
    await hold_invariants()


async def test_cancelling_against_sending():
    user = await an_earner(60_000)
    made = [await a_payout(user, 1_000) for _ in range(60)]
    names = [str(one) for one in made]
    jobs = [
        {"send": True},
        {"send": True},
        {"send": False, "user": str(user), "payouts": names},
        {"send": False, "user": str(user), "payouts": names[::-1]},
    ]
    await run_together(f"{DEEDS}:cancel_or_send", *jobs)
    ends = Counter([await status_of(one) for one in made])
    assert set(ends) <= {"paid", "cancelled"} and sum(ends.values()) == 60
    sent = {row["payout"] for row in await db.fetch("SELECT payout FROM sandbox_payouts")}
    assert sent == {one for one in made if await status_of(one) == "paid"}
    assert await where_it_is(user) == (1_000 * ends["cancelled"], 0, 1_000 * ends["paid"])
    await hold_invariants()


async def test_approving_twice_and_rejecting_meanwhile():
    user = await an_earner(2_000_000)
    made = [await a_payout(user, 100_000) for _ in range(20)]
    waiting = [one for one in made if await status_of(one) == "awaiting_approval"]
    assert len(waiting) == 19  # the first is no more than the threshold
    staff = [str((await a_user()).id) for _ in range(4)]
    names = [str(one) for one in waiting]
    jobs = [{"staff": who, "approve": i % 2 == 0, "payouts": names[:: 1 - 2 * (i // 2)]} for i, who in enumerate(staff)]
    results = [tuple(one) for hand in await run_together(f"{DEEDS}:decide", *jobs) for one in hand]
    for one in waiting:
        words = Counter(word for name, word in results if name == str(one))
        assert words["approved"] + words["rejected"] == 1 and words["illegal_transition"] == 3
        path = await path_of(one)
        assert path[:2] == ["requested", "awaiting_approval"] and len(path) == 3
    while await payouts.send_due():
        pass
    assert (await where_it_is(user))[1] == 0
    await hold_invariants()


async def test_several_workers_send_each_payout_once():
    users = [await an_earner(10_000, ("acct_ok", "acct_closed", "acct_lost_reply")[n % 3]) for n in range(60)]
    made = [await a_payout(user) for user in users]
    taken = await run_together(f"{DEEDS}:send", *({"batch": batch} for batch in (1, 4, 7)))
    assert sum(taken) == 60
    assert Counter([await status_of(one) for one in made]) == {"paid": 20, "failed": 20, "processing": 20}
    assert await db.fetch_val("SELECT count(*) FROM sandbox_payouts") == 60
    assert {len(await path_of(one)) for one in made} == {2, 3}
    await hold_invariants()


async def test_news_from_all_sides_at_once():
    users = [await an_earner(10_000, "acct_slow") for _ in range(20)]
    made = [str(await a_payout(user)) for user in users]
    await payouts.send_due(100)
    jobs = [
        {"payouts": made, "states": ["processing", "succeeded", "returned"], "step": step} for step in (1, -1, 2, -2)
    ]
    await run_together(f"{DEEDS}:tell", *jobs)
    assert {row["status"] for row in await db.fetch("SELECT status FROM payouts")} == {"returned"}
    assert {await where_it_is(user) for user in users} == {(10_000, 0, 0)}
    await hold_invariants()


async def test_a_debt_that_grows_meanwhile_is_settled_first():
    user = await an_earner(100_000)
    jobs = [{"user": str(user), "owe": owe, "times": 40} for owe in (True, True, False, False)]
    hands = await run_together(f"{DEEDS}:owe_or_ask", *jobs)
    asked = Counter(word for hand in hands for word in hand)
    assert asked == {"done": 80}
    left = (await where_it_is(user))[0]
    owed = -(await balance_of(debt_of(user)))
    assert left == 100_000 - 80 * 200 - (80 - owed)
    await hold_invariants()


async def test_one_default_whoever_adds_methods():
    user = (await a_user()).id
    hands = await run_together(f"{DEEDS}:add_methods", *({"user": str(user), "times": 5} for _ in range(3)))
    assert Counter(word for hand in hands for word in hand) == {"done": 10, "too_many": 5}
    assert await db.fetch_val("SELECT count(*) FROM payout_methods WHERE is_default") == 1
    await hold_invariants()
