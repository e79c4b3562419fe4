"""The limit of a broadcast: a bare ASGI application that sends what one socket says to all of them.

No Postgres, no Redis, no rooms, no numbers, nobody who has to be waited for.
"""

from typing import Any

from tests.benchmarks.raw_bids import plain_lifespan

_all: set[Any] = set()
BODY = (
    '{"seq":1,"type":"bid_placed","auction_id":"01939a4e-0000-7000-8000-000000000000","lot_id":'
    '"01939a4e-0000-7000-8000-000000000001","bid_no":1,"bidder":"%s","leader":"bidder 1","kind":"bid","amount":"100.00",'
    '"currency":"USD","timestamp":"2026-11-20T09:00:00.000000Z","total_bids":1,"minimum_bid":"101.00","reserve_met":true,'
    '"buy_now_price":null,"ends_at":"2026-11-20T09:00:00.000000Z","extended":false}'
)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await plain_lifespan(receive, send)
        return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": '{"type":"snapshot"}'})
    _all.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            event = {"type": "websocket.send", "text": BODY % message["text"]}
            for each in list(_all):
                await each(event)
    finally:
        _all.discard(send)
