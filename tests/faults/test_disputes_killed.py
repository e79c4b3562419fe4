"""A process is killed at any statement of what opens, decides or carries out a dispute, and of the timers that do so: it happens
once, whoever asks again.
"""

from collections.abc import Awaitable, Callable

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.disputes.service import deciding, proposing
from marketplace.disputes.states import DisputeStatus as S
from tests.factories import a_user, bearer
from tests.factories.disputes import STORY, a_dispute, look, sides
from tests.factories.orders import an_order, read
from tests.faults import test_money_killed as money
from tests.faults.nursery import Said, Step
from tests.faults.test_money_killed import API, WORK, Deed, keyed, sum_of

nursery, nothing_is_under_way = money.nursery, money.nothing_is_under_way


async def opened() -> Deed:
    order_id = await an_order(10_000, tax=1_000, paid=True)
    body = {"reason": "late", "description": STORY}

    async def holds(said: list[Said]) -> None:
        rows = await db.fetch('SELECT id, status, held_minor FROM disputes WHERE "order" = $1', order_id)
        assert [(str(row["id"]), row["status"], row["held_minor"]) for row in rows] == [
            (said[0].data["id"], S.NEGOTIATING, 11_000)
        ]
        assert (await read(order_id)).frozen

    return Deed(
        [Step(f"{API}/orders/{order_id}/dispute/", body, keyed(await bearer((await read(order_id)).buyer)))], holds
    )


async def decided() -> Deed:
    dispute_id, moderator = await a_dispute(10_000, tax=1_000, paid=True), await a_user(Role.MODERATOR)
    body = {"buyer_amount": "40.00", "seller_amount": "70.00", "reason": "Both erred here."}

    async def holds(said: list[Said]) -> None:
        assert (await look(dispute_id)).status is S.DECIDED
        assert await db.fetch_val("SELECT count(*) FROM dispute_decisions WHERE dispute = $1", dispute_id) == 1
        assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE object_id = $1", str(dispute_id)) == 1

    return Deed([Step(f"{API}/disputes/{dispute_id}/resolve/", body, keyed(await bearer(moderator.id)))], holds)


def divided(dispute_id) -> Callable[[list[Said]], Awaitable[None]]:
    async def holds(said: list[Said]) -> None:
        order = (await look(dispute_id)).order
        assert ((await look(dispute_id)).status, order.refunded_minor, order.released_minor) == (
            S.RESOLVED,
            4_000,
            7_000,
        )
        assert await sum_of("refunds", "order_id = $1 AND status = 'succeeded'", order.id) == (1, 4_000)
        ours = "refund IN (SELECT id FROM refunds WHERE order_id = $1) AND state = 'succeeded'"
        assert await sum_of("sandbox_refunds", ours, order.id) == (1, 4_000)
        moves = "SELECT count(*) FROM dispute_history WHERE dispute = $1 AND to_status = 'resolved'"
        assert await db.fetch_val(moves, dispute_id) == 1

    return holds


async def agreed() -> Deed:
    dispute_id = await a_dispute(10_000, tax=1_000, paid=True)
    buyer, seller = await sides(dispute_id)
    proposal = await proposing.propose(dispute_id, buyer, "40.00", "")
    path = f"{API}/disputes/{dispute_id}/proposals/{proposal}/accept/"
    return Deed([Step(path, {}, keyed(await bearer(seller))), WORK], divided(dispute_id))


async def accepted() -> Deed:
    dispute_id = await a_dispute(10_000, tax=1_000, paid=True)
    buyer, seller = await sides(dispute_id)
    await deciding.resolve(dispute_id, (await a_user()).id, "40.00", "70.00", "Both erred here.")
    await deciding.accept(dispute_id, seller)
    return Deed(
        [Step(f"{API}/disputes/{dispute_id}/accept/", {}, keyed(await bearer(buyer))), WORK], divided(dispute_id)
    )


async def undisputed() -> Deed:
    """Nobody has appealed, and the timer fires."""
    dispute_id = await a_dispute(10_000, tax=1_000, paid=True)
    await deciding.resolve(dispute_id, (await a_user()).id, "40.00", "70.00", "Both erred here.")
    await now_due(dispute_id)
    return Deed([WORK], divided(dispute_id))


async def silent() -> Deed:
    dispute_id = await a_dispute(10_000, tax=1_000, paid=True, wanted="40.00")
    await now_due(dispute_id)

    async def holds(said: list[Said]) -> None:
        assert (await look(dispute_id)).status is S.DECIDED
        decisions = await db.fetch("SELECT how, buyer_minor FROM dispute_decisions WHERE dispute = $1", dispute_id)
        assert [tuple(row) for row in decisions] == [("silence", 4_000)]

    return Deed([WORK], holds)


async def now_due(dispute_id) -> None:
    await db.execute("UPDATE disputes SET due_at = now() - interval '1 second' WHERE id = $1", dispute_id)
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = 'disputes.due'")


DEEDS = {
    "open": opened, "decide": decided, "agree": agreed, "accept a decision": accepted, "carry out by the clock": undisputed,
    "lose by silence": silent,
}  # fmt: skip


@pytest.mark.usefixtures("nothing_is_under_way")
@pytest.mark.parametrize("name", DEEDS)
async def test_killed_anywhere_it_happens_once(client, nursery, name):
    await money.killed_anywhere(client, nursery, name, DEEDS[name])
