from datetime import timedelta

import msgspec
import pytest

from marketplace.accounts.states import Role
from marketplace.auctions.increments import default_for, increment
from marketplace.core import clock, db, outbox
from tests.factories import signed_in
from tests.factories.auctions import a_bid, an_auction, the_auction
from tests.statements import statements

API = "/api/v1"


async def test_an_auction_without_lots_has_one_and_takes_the_documents_names(client):
    _, seller = await signed_in()
    answer = await client.post(
        f"{API}/auctions/", headers=seller,
        json={"title": "Vase", "description": "Blue", "start_price": "10", "reserve_price": 100, "buy_it_now_price": "250.00",
              "duration_days": 3},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert (made["status"], made["starting_price"], made["current_price"]) == ("scheduled", "10.00", "10.00")
    assert made["lot_count"] == 1 and made["lots"][0]["title"] == "Vase"
    assert made["has_reserve"] and not made["reserve_met"] and made["buy_now_price"] == "250.00"
    assert made["viewer"] == {
        "is_seller": True, "lots": [],
        "terms": [{"lot_id": made["lots"][0]["id"], "reserve_price": "100.00", "buy_now_price": "250.00"}],
    }  # fmt: skip
    assert (await the_auction(made["id"])).duration_s == 3 * 24 * 3600


async def test_names_for_the_same_thing_must_agree(client):
    _, seller = await signed_in()
    answer = await client.post(
        f"{API}/auctions/", headers=seller, json={"title": "Vase", "start_price": "10", "starting_price": "11"}
    )
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"start_price", "starting_price"}
    agreeing = {"title": "Vase", "start_price": "10", "starting_price": "10.00"}
    assert (await client.post(f"{API}/auctions/", headers=seller, json=agreeing)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "V"}, "starting_price"),
        ({"title": " ", "starting_price": "1"}, "title"),
        ({"title": "V", "starting_price": "1.001"}, "starting_price"),
        ({"title": "V", "starting_price": "1", "currency": "XXQ"}, "currency"),
        ({"title": "V", "starting_price": "1", "colour": "red"}, "colour"),
        ({"title": "V", "starting_price": "1", "duration": 60, "duration_days": 1}, "duration_days"),
        ({"title": "V", "starting_price": "1", "lots": [{"starting_price": "1"}]}, "starting_price"),
        ({"title": "V", "lots": [{"starting_price": "1"}, {"title": "x"}]}, "lots[1].starting_price"),
        ({"title": "V", "starting_price": "1", "starts_at": "2026-01-01T00:00:00"}, "starts_at"),
    ],
)
async def test_a_wrong_listing_is_refused_naming_the_field(client, body, field):
    _, seller = await signed_in()
    answer = await client.post(f"{API}/auctions/", headers=seller, json=body)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"]
    assert await db.fetch_val("SELECT count(*) FROM auctions") == 0


async def test_a_listing_that_waits_for_its_seller_is_nobody_elses_business(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    made = (await client.post(f"{API}/auctions/", headers=seller, json={"title": "V", "start_price": "1"})).json()[
        "data"
    ]
    url = f"{API}/auctions/{made['id']}/"
    assert (await client.get(url)).status_code == 404
    assert (await client.get(url, headers=other)).status_code == 404
    assert (await client.get(url, headers=seller)).status_code == 200
    assert (await client.post(f"{url}watch/", headers=other)).status_code == 404
    assert (await client.get(f"{API}/auctions/")).json()["data"]["count"] == 0
    _, staff = await signed_in(Role.MODERATOR)
    assert (await client.get(url, headers=staff)).status_code == 200

    answer = await client.post(f"{url}activate/", headers=seller)
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "active"
    assert (await client.get(f"{API}/auctions/active/")).json()["data"]["count"] == 1


async def test_only_its_seller_changes_activates_ends_and_deletes(client):
    auction_id, _ = await an_auction()
    _, other = await signed_in()
    url = f"{API}/auctions/{auction_id}/"
    for method, path, body in (
        ("PATCH", url, {"title": "Mine"}), ("DELETE", url, None),
        ("POST", f"{url}activate/", None), ("POST", f"{url}end/", {}),
    ):  # fmt: skip
        answer = await client.request(method, path, headers=other, json=body)
        assert (method, answer.status_code) == (method, 403), answer.text
        assert (await client.request(method, path, json=body)).status_code == 401
    assert (await the_auction(auction_id)).title == "A watch"


async def test_a_partial_change_changes_what_was_sent(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id, reserve="50")
    answer = await client.patch(
        f"{API}/auctions/{auction_id}/",
        headers=seller,
        json={"title": "A clock", "start_price": "5", "reserve_price": None},
    )
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["title"], data["current_price"], data["has_reserve"]) == ("A clock", "5.00", False)
    assert data["lots"][0]["title"] == "A clock"
    assert data["description"] == "It ticks."


async def test_prices_of_several_lots_are_changed_by_lot(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id, lots=2)
    url = f"{API}/auctions/{auction_id}/"
    assert (await client.patch(url, headers=seller, json={"start_price": "5"})).status_code == 400
    second = (await client.get(url)).json()["data"]["lots"][1]["id"]
    answer = await client.patch(url, headers=seller, json={"lots": [{"id": second, "start_price": "7"}]})
    assert [lot["starting_price"] for lot in answer.json()["data"]["lots"]] == ["0.99", "7.00"]
    strange = [{"id": str(auction_id), "start_price": "7"}]
    assert (await client.patch(url, headers=seller, json={"lots": strange})).status_code == 404


async def test_an_auction_is_deleted_only_before_its_first_bid(client):
    user, seller = await signed_in()
    bidder, _ = await signed_in()
    auction_id, lot_id = await an_auction(user.id)
    await a_bid(lot_id, bidder.id, "5")
    answer = await client.delete(f"{API}/auctions/{auction_id}/", headers=seller)
    assert (answer.status_code, answer.json()["code"]) == (409, "auction_has_bids")

    other_id, _ = await an_auction(user.id)
    assert (await client.delete(f"{API}/auctions/{other_id}/", headers=seller)).status_code == 204
    assert (await client.get(f"{API}/auctions/{other_id}/", headers=seller)).status_code == 404


async def test_the_seller_ends_early_by_selling_to_the_leader(client):
    user, seller = await signed_in()
    bidder, bidding = await signed_in()
    auction_id, lot_id = await an_auction(user.id, reserve="100")
    url = f"{API}/auctions/{auction_id}/end/"
    nobody = await client.post(url, headers=seller, json={})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nothing_to_sell")
    await a_bid(lot_id, bidder.id, "5")
    answer = await client.post(url, headers=seller)
    assert answer.status_code == 200, answer.text
    lot = answer.json()["data"]["lots"][0]
    assert (lot["status"], lot["outcome"], lot["winner"]) == ("ended", "sold", bidder.username)
    owed = (await client.get(f"{API}/auctions/won/", headers=bidding)).json()["data"]["results"]
    assert [(sale["amount"], sale["status"]) for sale in owed] == [("0.99", "awaiting_payment")]
    earned = (await client.get(f"{API}/auctions/sold/", headers=seller)).json()["data"]["results"]
    assert earned == owed


async def test_neither_reserve_nor_leaders_maximum_is_in_any_answer_to_others(client):
    user, seller = await signed_in()
    leader, leading = await signed_in()
    _, other = await signed_in()
    auction_id, lot_id = await an_auction(user.id, reserve="71234.56", buy_now="98765.43")
    await a_bid(lot_id, leader.id, "61111.11")
    paths = [
        "auctions/", "auctions/active/", "auctions/ending-soon/?hours=720", f"auctions/{auction_id}/",
        f"bids/?auction_id={auction_id}", f"bid-history/?auction_id={auction_id}",
    ]  # fmt: skip
    for path in paths:
        for headers in ({}, other):
            text = (await client.get(f"{API}/{path}", headers=headers)).text
            assert str(auction_id) in text or "bid-history" in path
            assert "71234" not in text and "7123456" not in text, path
            assert "61111" not in text and "6111111" not in text, path
    assert "61111.11" in (await client.get(f"{API}/auctions/{auction_id}/", headers=leading)).text
    assert "61111" not in (await client.get(f"{API}/auctions/{auction_id}/", headers=seller)).text
    assert "71234.56" in (await client.get(f"{API}/auctions/my-auctions/", headers=seller)).text
    refused = await client.post(f"{API}/bids/", headers=other, json={"auction_id": str(auction_id), "amount": "0.5"})
    assert refused.json()["code"] == "bid_too_low" and "61111" not in refused.text
    for ordering in ("reserve_price", "leader_max_minor", "max_bid"):
        assert (await client.get(f"{API}/auctions/?ordering={ordering}")).status_code == 400
    assert (await client.get(f"{API}/bids/?auction_id={auction_id}&ordering=maximum")).status_code == 400


async def test_watching_twice_counts_once(client):
    auction_id, _ = await an_auction()
    _, viewer = await signed_in()
    url = f"{API}/auctions/{auction_id}/watch/"
    for _ in range(2):
        answer = await client.post(url, headers=viewer)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"auction_id": str(auction_id), "is_watched": True, "watch_count": 1}
    listed = (await client.get(f"{API}/auctions/watchlist/", headers=viewer)).json()["data"]["results"]
    assert [(card["id"], card["is_watched"], card["watch_count"]) for card in listed] == [(str(auction_id), True, 1)]
    for _ in range(2):
        assert (await client.delete(url, headers=viewer)).status_code == 204
    assert (await client.get(f"{API}/auctions/watchlist/", headers=viewer)).json()["data"]["count"] == 0
    assert (await client.get(f"{API}/auctions/watchlist/")).status_code == 401


async def test_lists_filter_order_and_search(client):
    seller, _ = await signed_in(username="ada")
    cheap, _ = await an_auction(seller.id, title="Blue vase", start="5", duration=timedelta(hours=5))
    dear, _ = await an_auction(seller.id, title="Red vase", start="500", reserve="900", duration=timedelta(days=3))
    yen, _ = await an_auction(title="Tea bowl", start="800", currency="JPY", buy_now="2000", duration=timedelta(days=9))
    soon = clock.now() + timedelta(days=5)

    async def ids(query: str, path: str = "auctions/") -> list[str]:
        answer = await client.get(f"{API}/{path}?{query}")
        assert answer.status_code == 200, answer.text
        return [card["id"] for card in answer.json()["data"]["results"]]

    everything = [str(cheap), str(dear), str(yen)]
    assert await ids("ordering=ends_at") == everything
    assert await ids("ordering=-ends_at") == everything[::-1]
    assert await ids("search=vase&ordering=current_price") == [str(cheap), str(dear)]
    assert await ids("min_price=100&ordering=ends_at") == [str(dear), str(yen)]
    assert await ids("max_price=800&min_price=800") == [str(yen)]
    assert await ids("seller=ADA&ordering=ends_at") == [str(cheap), str(dear)]
    assert await ids(f"seller={seller.id}&has_reserve=true") == [str(dear)]
    assert await ids("buy_now=true") == [str(yen)]
    assert await ids("currency=JPY") == [str(yen)]
    assert await ids(f"ends_before={soon:%Y-%m-%dT%H:%M:%SZ}&ordering=ends_at") == [str(cheap), str(dear)]
    assert await ids(f"ends_after={soon:%Y-%m-%dT%H:%M:%SZ}") == [str(yen)]
    assert await ids("", "auctions/ending-soon/") == [str(cheap)]
    assert await ids("hours=80", "auctions/ending-soon/") == [str(cheap), str(dear)]
    assert await ids("status=ended,cancelled") == []
    assert (await client.get(f"{API}/auctions/?colour=red")).status_code == 400


async def test_a_cursor_walks_the_whole_list_once(client):
    seller, _ = await signed_in()
    made = {str((await an_auction(seller.id))[0]) for _ in range(5)}
    seen, cursor = [], ""
    while cursor is not None:
        answer = (await client.get(f"{API}/auctions/?page_size=2&cursor={cursor}&ordering=current_price")).json()
        seen += [card["id"] for card in answer["data"]["results"]]
        cursor = answer["meta"]["next_cursor"]
    assert len(seen) == 5 and set(seen) == made


async def test_a_category_is_filtered_with_all_below_it_and_counts_what_runs(client):
    from marketplace.catalog.service import ensure_default_categories

    await ensure_default_categories()
    _, seller = await signed_in()
    body = {"title": "V", "start_price": "1", "category": "paintings", "starts_at": clock.now().isoformat()}
    made = await client.post(f"{API}/auctions/", headers=seller, json=body)
    assert made.status_code == 201, made.text
    auction = made.json()["data"]
    assert auction["category"]["slug"] == "paintings"
    by_id = {"title": "W", "start_price": "1", "category_id": auction["category"]["id"], "category": "paintings"}
    assert (await client.post(f"{API}/auctions/", headers=seller, json=by_id)).status_code == 400
    unknown = await client.post(f"{API}/auctions/", headers=seller, json=body | {"category": "nowhere"})
    assert unknown.status_code == 400 and "category" in unknown.json()["errors"]

    for wanted, count in (
        ("paintings", 1),
        ("art", 1),
        (auction["category"]["id"], 1),
        ("ceramics", 0),
        ("nowhere", 0),
    ):
        assert (await client.get(f"{API}/auctions/active/?category={wanted}")).json()["data"]["count"] == count, wanted

    async def running() -> int:
        await outbox.drain()
        return await db.fetch_val("SELECT count(*) FROM category_items WHERE item = $1", auction["id"])

    assert await running() == 1
    assert (await client.delete(f"{API}/auctions/{auction['id']}/", headers=seller)).status_code == 204
    assert await running() == 0


async def test_each_list_takes_one_statement(client):
    user, _ = await signed_in()
    for _ in range(3):
        auction_id, lot_id = await an_auction(user.id, buy_now="90")
    bidder, bidding = await signed_in()
    await a_bid(lot_id, bidder.id, "5")
    lists = [
        "auctions/", "auctions/active/?search=watch&category=art&min_price=0&buy_now=false", "auctions/ending-soon/?hours=200",
        "auctions/my-auctions/", "auctions/watchlist/", "auctions/won/", "auctions/sold/", "second-chance-offers/",
        f"bids/?auction_id={auction_id}", "bids/my-bids/", "bids/winning/", "bids/losing/", "auto-bids/",
        f"bid-history/?auction_id={auction_id}", f"auctions/{auction_id}/",
    ]  # fmt: skip
    for path in lists:
        await client.get(f"{API}/{path}", headers=bidding)  # what the process keeps for a while is there now
        async with statements() as made:
            assert (await client.get(f"{API}/{path}", headers=bidding)).status_code == 200
        asked = [query for query in made if "FROM sessions" not in query and "platform_settings" not in query]
        assert len(asked) == 1, (path, asked)


async def test_the_database_knows_the_rule_of_increments():
    table = default_for("USD")
    stored = msgspec.json.encode(table).decode()
    prices = sorted({0, 1, 10**9, *(price + step for price, _ in table for step in (-1, 0, 1))})
    rows = await db.fetch(
        "SELECT p, bid_increment($1::jsonb, p) AS step FROM unnest($2::bigint[]) AS p", stored, prices
    )
    assert {row["p"]: row["step"] for row in rows} == {price: increment(table, price) for price in prices}
