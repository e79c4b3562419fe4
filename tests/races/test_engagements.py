"""GOALS, races of work: several processes on the same deliveries, requests and offers; afterwards the invariants hold."""

from datetime import timedelta

import pytest

from marketplace.core import db
from marketplace.engagements.service import asking
from marketplace.engagements.states import Gig
from marketplace.ledger.states import AccountKind as K
from tests.factories import a_user
from tests.factories.engagements import an_engagement, an_offer, latest_of, parties, work_of
from tests.factories.orders import hold_invariants, minor_in, read, set_times
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")
DO = "tests.races.engagement_deeds:do"


async def thing(to: Gig, *, request: bool = False) -> dict[str, str]:
    """An order that stands there, with what there is to race for."""
    order_id = await an_engagement(to=to, paid_with="wallet", revisions=1)
    buyer, seller = await parties(order_id)
    made = {"order": order_id, "buyer": buyer, "seller": seller}
    if to is Gig.DELIVERED:
        made["delivery"] = await latest_of(order_id)
    if request:
        made["request"] = await asking.ask_cancellation(order_id, buyer, "I move house.")
    return {name: str(value) for name, value in made.items()}


async def raced(
    things: list[dict[str, str]], *verbs: tuple[str, ...], times: int = 25, hands: int = 2
) -> list[list[str]]:
    """What was said of each thing, by `hands` processes for each group of verbs."""
    jobs = [{"things": things, "verbs": group, "times": times} for group in verbs for _ in range(hands)]
    results = await run_together(DO, *jobs)
    return [[one for hand in results for one in hand[i]] for i in range(len(things))]


async def check_money(found: dict[str, str], ended: str) -> None:
    """It went to one of the two, once."""
    seller, buyer, held = [
        await minor_in(kind, found[owner])
        for kind, owner in ((K.SELLER_PENDING, "seller"), (K.WALLET_AVAILABLE, "buyer"), (K.ESCROW, "order"))
    ]
    assert (seller, buyer, held) == {
        "completed": (9_000, 0, 0), "cancelled": (0, 10_000, 0), "open": (0, 0, 10_000),
    }[ended]  # fmt: skip


async def test_50_accepts_against_50_revisions_have_one_outcome():
    things = [await thing(Gig.DELIVERED) for _ in range(4)]
    for found, said in zip(things, await raced(things, ("accept_delivery",), ("request_revision",)), strict=True):
        assert (len(said), said.count("done")) == (100, 1), said
        order, work = await read(found["order"]), await work_of(found["order"])
        assert (order.status, work.revisions_used) in ((Gig.COMPLETED, 0), (Gig.IN_REVISION, 1))
        await check_money(found, "completed" if order.status == Gig.COMPLETED else "open")
    await hold_invariants()


async def test_50_accepts_against_50_agreed_ends_have_one_outcome():
    things = [await thing(Gig.DELIVERED, request=True) for _ in range(4)]
    for found, said in zip(things, await raced(things, ("accept_delivery",), ("agree_to_cancel",)), strict=True):
        assert (len(said), said.count("done")) == (100, 1), said
        order = await read(found["order"])
        assert order.status in (Gig.COMPLETED, Gig.CANCELLED)
        await check_money(found, order.status)
    await hold_invariants()


async def test_silence_against_all_that_can_be_said():
    things = [await thing(Gig.DELIVERED) for _ in range(4)]
    for found in things:
        await set_times(found["order"], auto_complete_at=timedelta(seconds=1))
    await db.execute("DELETE FROM timers")
    results = await raced(
        things, ("silence",), ("reject", "request_revision"), ("freeze", "complete"), times=5, hands=1
    )
    for found, said in zip(things, results, strict=True):
        order = await read(found["order"])
        others = said[5:]
        assert others.count("done") <= 1 or (order.frozen and order.status in (Gig.IN_PROGRESS, Gig.IN_REVISION)), said
        await check_money(found, "completed" if order.status == Gig.COMPLETED else "open")
    await db.execute("DELETE FROM timers")
    await hold_invariants()


async def test_what_is_asked_many_times_is_asked_once():
    things = [await thing(Gig.IN_PROGRESS) for _ in range(3)]
    for found, said in zip(things, await raced(things, ("ask_to_cancel", "ask_days"), times=10), strict=True):
        assert (said.count("done"), said.count("request_open")) == (2, 38), said
        kinds = await db.fetch("SELECT kind FROM engagement_requests WHERE engagement = $1", found["order"])
        assert {row["kind"] for row in kinds} == {"extension", "cancellation"} and len(kinds) == 2
    await hold_invariants()


async def test_what_is_delivered_many_times_at_once_is_one_delivery():
    things = [await thing(Gig.IN_PROGRESS, request=True) for _ in range(3)]
    for found, said in zip(things, await raced(things, ("deliver",), ("decline_to_cancel",), times=10), strict=True):
        versions = await db.fetch("SELECT version FROM deliveries WHERE engagement = $1", found["order"])
        assert [row["version"] for row in versions] == [1]
        # Delivering declines what was asked; who declines first may still deliver.
        assert said[:20].count("done") == 1 and said[20:].count("done") <= 1
        assert (
            await db.fetch_val("SELECT status FROM engagement_requests WHERE id = $1", found["request"]) == "declined"
        )
    await hold_invariants()


async def test_what_the_buyer_has_seen_stays():
    things = [await thing(Gig.DELIVERED) for _ in range(4)]
    for found, said in zip(things, await raced(things, ("look",), ("reword",), times=5, hands=1), strict=True):
        row = await db.fetch_row("SELECT message, answer FROM deliveries WHERE id = $1", found["delivery"])
        assert row["message"] == row["answer"], "what was seen is noted by who looked"
        assert set(said[5:]) <= {"done", "delivery_seen"}
    await hold_invariants()


async def test_an_order_is_accepted_or_called_off():
    things = [await thing(Gig.AWAITING_REQUIREMENTS) for _ in range(4)]
    await db.execute("UPDATE engagements SET accept_by = now() - interval '1 second'")
    await db.execute("DELETE FROM timers")
    results = await raced(things, ("take_order",), ("call_off", "decline_order"), ("give_up",), times=5, hands=1)
    for found, said in zip(things, results, strict=True):
        order = await read(found["order"])
        assert order.status in (Gig.ACCEPTED, Gig.CANCELLED)
        assert said[:15].count("done") == (1 if order.status == Gig.ACCEPTED else said[:15].count("done")) <= 1, said
        await check_money(found, "cancelled" if order.status == Gig.CANCELLED else "open")
    await db.execute("DELETE FROM timers")
    await hold_invariants()


async def offered() -> dict[str, str]:
    seller, buyer = (await a_user()).id, (await a_user()).id
    made = {"offer": await an_offer(seller, buyer), "buyer": buyer, "seller": seller}
    return {name: str(value) for name, value in made.items()}


async def test_an_offer_is_accepted_once():
    things = [await offered() for _ in range(3)]
    for found, said in zip(things, await raced(things, ("accept_offer",), times=10, hands=3), strict=True):
        assert (said.count("done"), said.count("illegal_transition")) == (1, 29), said
        assert await db.fetch_val("SELECT count(*) FROM engagements WHERE offer = $1", found["offer"]) == 1
    await hold_invariants()


async def test_an_offer_has_one_end():
    things = [await offered() for _ in range(4)]
    verbs = (("accept_offer",), ("decline_offer", "counter_offer"), ("withdraw_offer",))
    for found, said in zip(things, await raced(things, *verbs, times=5, hands=1), strict=True):
        assert said.count("done") == 1, said
        orders = await db.fetch_val("SELECT count(*) FROM engagements WHERE offer = $1", found["offer"])
        rows = await db.fetch("SELECT status FROM custom_offers WHERE thread = $1 ORDER BY id", found["offer"])
        ends = [row["status"] for row in rows]
        assert (ends, orders) in (
            (["accepted"], 1), (["declined"], 0), (["withdrawn"], 0), (["countered", "open"], 0),
        )  # fmt: skip
    await hold_invariants()
