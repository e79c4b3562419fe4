"""SIGTERM and kill -9 under load: what was acknowledged is there, and sockets are told to come back."""

import asyncio

import pytest
import websockets

from marketplace.core import db
from tests.faults.room import a_duel, client, listening


@pytest.mark.parametrize("end", ["terminate", "kill"])
async def test_every_acknowledged_bid_survives_the_end_of_the_process(start, database, end):
    duels = [await a_duel() for _ in range(4)]
    instance = start()
    async with client(instance) as http, listening(instance, duels[0]) as room:

        async def fight(duel) -> None:
            while await duel.bid(http) != 0:
                pass

        fights = [asyncio.create_task(fight(duel)) for duel in duels]
        await room.hears_bids(5)
        code = await asyncio.to_thread(getattr(instance, end))
        await asyncio.gather(*fights)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await room.ws.hear()
    if end == "terminate":
        assert code == 0, instance.said
        assert closed.value.rcvd is not None and closed.value.rcvd.code in (1001, 1012)
        assert {status for duel in duels for status in duel.statuses} <= {201, 0}
    for duel in duels:
        rows = await db.fetch("SELECT max_minor FROM bids WHERE lot = $1", duel.lot_id)
        kept = {row["max_minor"] // 100 for row in rows}
        assert set(duel.accepted) <= kept and len(kept) <= len(duel.accepted) + 1
