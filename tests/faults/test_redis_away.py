"""Redis killed, started empty, hung and flushed under running rooms: bids go on, and no room shows a hole."""

from marketplace.core import db
from marketplace.core.tables import Outbox
from tests.eventually import eventually
from tests.faults.room import a_duel, client, listening


async def test_a_room_goes_on_whatever_happens_to_redis(start, valkey, database):
    duel = await a_duel()
    one, other = start(), start()
    async with client(one) as http, listening(one, duel) as here, listening(other, duel) as there:

        async def bids_are_heard(times: int = 3) -> None:
            for _ in range(times):
                assert await duel.bid(http) == 201
            for listener in (here, there):
                await listener.hears_bids(len(duel.accepted))

        await bids_are_heard()
        valkey.kill()
        await bids_are_heard()
        valkey.start()
        await bids_are_heard()
        valkey.flush()
        await bids_are_heard()
        valkey.hang()
        await bids_are_heard()
        valkey.go_on()
        await bids_are_heard()
    assert await db.fetch_val("SELECT count(*) FROM bids") == 18


async def test_sockets_open_and_resume_while_redis_is_away(start, valkey, database):
    duel = await a_duel()
    instance = start()
    async with client(instance) as http:
        assert await duel.bid(http) == 201
        valkey.kill()
        ticket = (await http.post("/api/v1/auth/ws-ticket/", headers=duel.headers[0])).json()["data"]["ticket"]
        assert ticket
        async with listening(instance, duel) as room:
            assert room.bids == 1
            assert await duel.bid(http) == 201
            await room.hears_bids(2)


async def test_what_was_asked_for_while_redis_was_away_is_done_when_it_is_back(start, valkey, database):
    duel = await a_duel()
    instance = start()
    valkey.kill()
    async with client(instance) as http:
        for _ in range(2):
            assert await duel.bid(http) == 201
    # Being outbid is told by mail: the listener runs, the letter waits.
    await eventually(lambda: db.fetch_val("SELECT count(*) >= 1 FROM outbox WHERE handler LIKE 'job:%'"))
    await eventually(lambda: db.fetch_val("SELECT count(*) = 0 FROM outbox WHERE handler NOT LIKE 'job:%'"))
    valkey.start()
    await eventually(outbox_is_empty)


async def outbox_is_empty() -> bool:
    return await Outbox.count() == 0


async def test_a_service_that_stops_while_redis_is_away_does_not_hang(start, valkey, database):
    duel = await a_duel()
    instance = start()
    async with listening(instance, duel):
        valkey.kill()
        assert instance.terminate() == 0, instance.said
