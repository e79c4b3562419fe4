"""Workers are killed again and again while all that time does to orders of gigs is due: each thing happens once."""

import asyncio
import random
from datetime import timedelta

from marketplace.core import db, invariants
from marketplace.engagements.service import asking
from marketplace.engagements.states import Gig
from tests.eventually import eventually
from tests.factories import a_user
from tests.factories.engagements import an_engagement, an_offer, parties, set_due
from tests.factories.orders import set_times

KINDS = ("engagements.%", "orders.auto_complete")
DUE = "SELECT count(*) FROM timers WHERE due_at <= now() AND kind LIKE ANY($1::text[])"
LEFT = "SELECT count(*) FROM outbox"


async def all_done() -> bool:
    return await db.fetch_val(DUE, list(KINDS)) == 0 and await db.fetch_val(LEFT) == 0


async def test_what_time_does_to_work_happens_once_whatever_dies(database, start):
    silent = [await an_engagement(to=Gig.DELIVERED, paid_with="wallet") for _ in range(3)]
    late = [await an_engagement(to=Gig.IN_PROGRESS, paid_with="wallet") for _ in range(3)]
    waiting = [await an_engagement(paid_with="wallet") for _ in range(3)]
    asked = [await an_engagement(to=Gig.ACCEPTED, paid_with="wallet") for _ in range(3)]
    requests = [await asking.ask_cancellation(one, (await parties(one))[0], "I move house.") for one in asked]
    offers = [await an_offer((await a_user()).id, (await a_user()).id) for _ in range(3)]
    for one in silent:
        await set_times(one, auto_complete_at=timedelta(seconds=1))
    for one in late:
        await set_due(one, timedelta(hours=25))
    await db.execute(
        "UPDATE engagements SET accept_by = now() - interval '1 second' WHERE id = ANY($1::uuid[])", waiting
    )
    await db.execute("UPDATE engagement_requests SET answer_by = now() - interval '1 second'")
    await db.execute("UPDATE custom_offers SET expires_at = now() - interval '1 second'")
    await db.execute("UPDATE timers SET due_at = now() WHERE kind LIKE ANY($1::text[])", list(KINDS))

    for _ in range(3):
        before = await db.fetch_val(DUE, list(KINDS)) + await db.fetch_val(LEFT)
        worker = start(worker=True)

        async def moved(before: int = before) -> bool:
            return await all_done() or await db.fetch_val(DUE, list(KINDS)) + await db.fetch_val(LEFT) != before

        await eventually(moved)
        await asyncio.sleep(random.random() / 10)
        worker.kill()
    start(worker=True)
    await eventually(all_done)

    rows = await db.fetch("SELECT id, status, released_minor, refunded_minor FROM orders")
    found = {row["id"]: (row["status"], row["released_minor"], row["refunded_minor"]) for row in rows}
    assert {found[one] for one in silent} == {("completed", 10_000, 0)}
    assert {found[one] for one in waiting} == {("cancelled", 0, 10_000)}
    assert {found[one] for one in asked} == {("cancelled", 0, 10_000)}
    assert {found[one] for one in late} == {("in_progress", 0, 0)}
    marks = await db.fetch("SELECT id FROM engagements WHERE very_late_at IS NOT NULL AND late_at IS NOT NULL")
    assert {row["id"] for row in marks} == set(late)
    assert {row["status"] for row in await db.fetch("SELECT status FROM engagement_requests")} == {"accepted"}
    assert len(requests) == await db.fetch_val("SELECT count(*) FROM engagement_requests")
    assert {row["status"] for row in await db.fetch("SELECT status FROM custom_offers")} == {"expired"}
    assert len(offers) == await db.fetch_val("SELECT count(*) FROM notifications WHERE type = 'custom_offer_answered'")
    for kind in ("work_late", "work_very_late"):
        told = await db.fetch("SELECT occurrences FROM notifications WHERE type = $1", kind)
        assert [row["occurrences"] for row in told] == [1] * 6, kind
    assert await db.fetch_val("SELECT count(*) FROM refunds") == 6
    assert [breach async for breach in invariants.violations()] == []
