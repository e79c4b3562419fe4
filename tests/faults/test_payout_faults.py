"""A process is killed at any statement of sending, approving, rejecting, cancelling payouts: afterwards each payout has been
made once, or its money is back, and the books agree. `FAULT_SEED` and `FAULT_ROUNDS` as in `test_money_killed`.
"""

import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from msgspec import Struct

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.payments.states import PayoutSource
from tests.eventually import eventually
from tests.factories import bearer, signed_in
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.payouts import (
    a_method,
    a_payout,
    an_earner,
    path_of,
    pay_in,
    status_of,
    where_it_is,
)
from tests.faults.nursery import Step, walk
from tests.faults.test_money_killed import (
    API,
    ROUNDS,
    SEED,
    WORK,
    forget_claims,
    keyed,
    nobody_is_left,
    nothing_is_under_way,
    nursery,
    settle,
)

__all__ = ["nothing_is_under_way", "nursery"]  # fixtures


class Deed(Struct, frozen=True):
    """`again` is what a repetition may be refused with: the deed had been done."""

    steps: list[Step]
    holds: Callable[[], Awaitable[None]]
    again: str = ""


async def sent_once(payout: UUID) -> bool:
    return bool(await db.fetch_val("SELECT count(*) FROM sandbox_payouts WHERE payout = $1", payout) == 1)


async def a_batch() -> Deed:
    """Payouts of every fate, sent together by a worker."""
    fates = {
        "acct_ok": "paid", "acct_closed": "failed", "acct_slow": "paid", "acct_lost_reply": "paid",
        "acct_lost_request": "paid", "acct_returns": "returned",
    }  # fmt: skip
    users = [await an_earner(5_000, destination) for destination in fates]
    made = [await a_payout(user) for user in users]

    async def holds() -> None:
        assert [await status_of(one) for one in made] == list(fates.values())
        assert all([await sent_once(one) for one in made])
        left = [(await where_it_is(user))[0] for user in users]
        assert left == [0 if fate == "paid" else 5_000 for fate in fates.values()]

    return Deed([WORK], holds)


async def waiting() -> tuple[UUID, UUID, dict[str, str]]:
    """(the user, a payout that waits for approval, headers of a manager)"""
    user = await an_earner(200_000)
    _, manager = await signed_in(Role.ADMIN)
    return user, await a_payout(user), manager


async def approved() -> Deed:
    user, payout, manager = await waiting()

    async def holds() -> None:
        assert await path_of(payout) == ["requested", "awaiting_approval", "processing", "paid"]
        assert await sent_once(payout) and (await where_it_is(user))[0] == 0
        assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE object_id = $1", str(payout)) == 1

    return Deed([Step(f"{API}/admin/payouts/{payout}/approve/", headers=manager), WORK], holds, "illegal_transition")


async def rejected() -> Deed:
    user, payout, manager = await waiting()

    async def holds() -> None:
        assert await path_of(payout) == ["requested", "awaiting_approval", "rejected"]
        assert not await sent_once(payout) and (await where_it_is(user))[0] == 200_000

    step = Step(f"{API}/admin/payouts/{payout}/reject/", {"reason": "Unknown bank."}, manager)
    return Deed([step, WORK], holds, "illegal_transition")


async def cancelled() -> Deed:
    user, payout, _ = await waiting()

    async def holds() -> None:
        assert await path_of(payout) == ["requested", "awaiting_approval", "cancelled"]
        assert not await sent_once(payout) and (await where_it_is(user))[0] == 200_000

    return Deed([Step(f"{API}/payouts/{payout}/cancel/", headers=keyed(await bearer(user))), WORK], holds)


async def withdrawn() -> Deed:
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id), 7_000)
    await a_method(user.id)

    async def holds() -> None:
        rows = await db.fetch('SELECT id, status, source FROM payouts WHERE "user" = $1', user.id)
        assert [(row["status"], row["source"]) for row in rows] == [("paid", PayoutSource.WALLET)]
        assert await sent_once(rows[0]["id"]) and await balance_of(wallet_of(user.id)) == 2_000

    body = {"amount": "50.00", "currency": "USD"}
    return Deed([Step(f"{API}/wallet/withdraw/", body, keyed(headers)), WORK], holds)


DEEDS = {
    "a batch": a_batch, "approve": approved, "reject": rejected, "cancel": cancelled, "withdraw": withdrawn,
}  # fmt: skip


@pytest.mark.usefixtures("nothing_is_under_way")
@pytest.mark.parametrize("name", DEEDS)
async def test_killed_anywhere_a_payout_is_made_once_or_its_money_is_back(client, nursery, name):
    dice = random.Random(f"{SEED} {name}")
    deed = await DEEDS[name]()
    life = await nursery.live(*deed.steps)
    assert not life.killed and life.points
    await follow_up(client, deed)
    last, some = life.points, range(1, life.points)
    for point in [*(some if ROUNDS == 0 else sorted(dice.sample(some, min(ROUNDS * 2, len(some))))), last]:
        print(f"FAULT_SEED={SEED} {name!r} killed at {point} of {last}")
        deed = await DEEDS[name]()
        await nursery.live(*deed.steps, fatal=point)
        await eventually(nobody_is_left)
        await hold_invariants()
        await follow_up(client, deed)


async def follow_up(client, deed: Deed) -> None:
    """Whoever did it does it again, for they may not have been answered; then time passes."""
    await forget_claims()
    said = [said async for said in walk(client, deed.steps)]
    refused = [one for one in said if one.status >= 400]
    assert not refused or (deed.again and deed.again in refused[0].body), refused
    await settle(client)
    await deed.holds()
