"""A win that was received is reviewed by both sides, each unheard until the other has spoken."""

import pytest

from marketplace.core import db
from marketplace.orders.service import completing
from tests.factories import signed_in
from tests.factories.auctions import a_win, order_of
from tests.factories.orders import hold_invariants, pay, read

pytestmark = pytest.mark.usefixtures("tables")
API = "/api/v1/reviews/"


async def test_winner_and_seller_review_each_other(client):
    (buyer, as_buyer), (seller, as_seller) = await signed_in(), await signed_in()
    order_id = await order_of(await a_win(seller=seller.id, buyer=buyer.id))
    said = {"order_id": str(order_id), "rating": 4, "comment": "As described."}
    early = await client.post(API, json=said, headers=as_buyer)
    assert early.json()["code"] == "order_not_completed"
    await pay((await read(order_id)).checkout)
    await completing.complete(order_id, None, "received")
    of_sale = await client.post(API, json=said, headers=as_buyer)
    assert of_sale.status_code == 201 and of_sale.json()["data"]["kind"] == "auction", of_sale.text
    assert (await client.get(f"{API}user/{seller.id}/")).json()["data"]["count"] == 0
    assert (await client.post(API, json=said | {"rating": 5}, headers=as_seller)).status_code == 201
    for person, kind in ((seller, "auction"), (buyer, "client")):
        [shown] = (await client.get(f"{API}user/{person.id}/")).json()["data"]["results"]
        assert shown["kind"] == kind
    row = await db.fetch_row('SELECT seller_sum, seller_count FROM user_ratings WHERE "user" = $1', seller.id)
    assert tuple(row) == (4, 1)
    await hold_invariants()
