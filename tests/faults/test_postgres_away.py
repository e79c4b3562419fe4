"""Every database connection of a running service is cut, again and again: it answers 503 meanwhile and comes back."""

import asyncio

from marketplace.core import db
from marketplace.core.tables import Outbox
from tests.eventually import eventually
from tests.faults.room import a_duel, client, listening

CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'marketplace' AND pid <> pg_backend_pid()"
)


async def test_a_service_whose_connections_are_cut_is_soon_back(start, database):
    duel = await a_duel()
    instance = start()
    async with client(instance) as http, listening(instance, duel) as room:
        for _ in range(3):
            assert await db.fetch_val(CUT) > 0
            answers = [await http.get(f"/api/v1/auctions/{duel.auction_id}/") for _ in range(20)]
            assert {answer.status_code for answer in answers} <= {200, 503}, instance.said
            assert all(answer.json()["code"] == "unavailable" for answer in answers if answer.status_code == 503)
            await eventually(lambda: bid_counts(duel, http))
            await room.hears_bids(len(duel.accepted))
    await eventually(nothing_waits)


async def bid_counts(duel, http) -> bool:
    return await duel.bid(http) == 201


async def nothing_waits() -> bool:
    return await Outbox.count() == 0


async def test_what_was_acknowledged_while_connections_were_cut_under_load_is_there(start, database):
    duel = await a_duel()
    instance = start()
    stop = asyncio.Event()

    async def cut_and_cut() -> None:
        while not stop.is_set():
            await db.fetch_val(CUT)
            await asyncio.sleep(0.3)

    async with client(instance) as http:
        cutting = asyncio.create_task(cut_and_cut())
        for _ in range(60):
            await duel.bid(http)
        stop.set()
        await cutting
        await eventually(lambda: bid_counts(duel, http))
    assert set(duel.statuses) <= {201, 503}, instance.said
    kept = {row["max_minor"] // 100 for row in await db.fetch("SELECT max_minor FROM bids")}
    assert set(duel.accepted) <= kept
    assert await db.fetch_val("SELECT count(*) FROM bids") == await db.fetch_val("SELECT count(DISTINCT seq) FROM bids")
    await eventually(nothing_waits)
