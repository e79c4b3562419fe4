"""Won lots as orders: paid, left unpaid, cancelled, paid by what was held; strikes."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.accounts.states import Role
from marketplace.auctions.errors import BiddingRefused, OwnInterest, StrikeNotFound
from marketplace.auctions.fulfilment import SeveralWins, by_auction, order_of_win
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import close_due, end_early, remove
from marketplace.auctions.service.sales import expire_sale
from marketplace.auctions.service.selling import order_of_sale
from marketplace.auctions.service.strikes import lift, suspended_until
from marketplace.auctions.service.sweep import set_missing_timers
from marketplace.auctions.states import SaleStatus
from marketplace.auctions.tables import Sale, SecondChanceOffer, Strike
from marketplace.core import clock, db, outbox, platform, timers
from marketplace.core.errors import Conflict, Forbidden, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.ledger.chart import Account
from marketplace.ledger.states import AccountKind
from marketplace.orders.errors import CancellationRefused
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service.cancelling import cancel, cancel_own
from marketplace.orders.states import Goods, Phase
from marketplace.payments.payables import NothingDue
from tests.factories import a_user, signed_in
from tests.factories.auctions import (
    a_bid,
    a_win,
    an_auction,
    ends,
    order_of,
    sale_of,
    the_lot,
    time_to_pay_passes,
)
from tests.factories.ledger import a_wallet, balance_of, hold_invariants, wallet_of
from tests.factories.orders import minor_in, pay, read, statuses

pytestmark = pytest.mark.usefixtures("tables")

API = "/api/v1"


async def status_of(sale_id: UUID) -> SaleStatus:
    return SaleStatus(await db.fetch_val("SELECT status FROM sales WHERE id = $1", sale_id))


async def held_by(user: UUID) -> int:
    return await balance_of(Account(AccountKind.WALLET_HELD, "USD", user))


async def test_a_win_is_an_order_with_the_lot_as_it_was_won():
    buyer, seller = (await a_user()).id, (await a_user()).id
    sale_id = await a_win("80", seller=seller, buyer=buyer, title="A brass clock")
    order = await read(await order_of(sale_id))
    sale = await Sale.objects().get(Sale.id == sale_id)
    assert sale is not None
    assert (order.kind, order.buyer, order.seller, order.total_minor) == ("auction", buyer, seller, 8_000)
    assert (order.status, order.phase, order.expires_at) == (Goods.PENDING, Phase.UNPAID, sale.pay_by)
    line = await db.fetch_row('SELECT subject, title, snapshot FROM order_lines WHERE "order" = $1', order.id)
    assert line is not None and (line["subject"], line["title"]) == (sale.lot, "A brass clock – Lot 1")
    for said in (str(sale.auction), str(sale.lot), str(sale_id), '"final_price": "80.00"'):
        assert said in line["snapshot"]
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'auctions.pay_by'") == 0
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'orders.expiry'") == 1
    await hold_invariants()


async def test_paying_the_order_pays_the_sale():
    sale_id = await a_win()
    order_id = await order_of(sale_id)
    await pay((await read(order_id)).checkout)
    assert await status_of(sale_id) == SaleStatus.PAID
    assert (await read(order_id)).status == Goods.PROCESSING
    await hold_invariants()


async def test_an_order_that_expires_leaves_the_sale_unpaid_with_a_strike_and_a_second_chance(client):
    (bob, bob_in), winner, seller = await signed_in(), (await a_user()).id, (await a_user()).id
    _, lot = await an_auction(seller)
    earlier = clock.now() - timedelta(minutes=5)
    await a_bid(lot, bob.id, "45", at=earlier)
    await a_bid(lot, winner, "80", at=earlier)
    await ends(lot, -60)
    await close_due(lot)
    first = await sale_of(lot)
    await db.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'orders.expiry'")
    await timers.run_due()
    assert await status_of(first) == SaleStatus.UNPAID
    assert (await statuses(await order_of(first)))[-1] == Goods.CANCELLED
    assert await Strike.count().where(Strike.user == winner) == 1
    offer = await db.fetch_val("SELECT id FROM second_chance_offers WHERE status = 'open'")
    taken = await client.post(f"{API}/second-chance-offers/{offer}/accept/", headers=bob_in)
    told = taken.json()["data"]
    again = await read(UUID(told["order_id"]))
    assert (told["payment_state"], told["order_status"], again.total_minor, again.buyer) == (
        "unpaid", "pending", 4_500, bob.id,
    )  # fmt: skip
    assert told["order_number"] == again.number != (await read(await order_of(first))).number
    await time_to_pay_passes(await sale_of(lot))
    assert await SecondChanceOffer.count() == 1 and await Strike.count() == 2
    await hold_invariants()


async def test_a_win_is_not_the_buyers_to_cancel_but_the_sellers():
    buyer, seller = (await a_user()).id, (await a_user()).id
    unpaid, paid = [await a_win(seller=seller, buyer=buyer) for _ in range(2)]
    await pay((await read(await order_of(paid))).checkout, "wallet")
    for sale_id in (unpaid, paid):
        with pytest.raises(CancellationRefused):
            await cancel_own(await order_of(sale_id), buyer, "I changed my mind")
        await cancel_own(await order_of(sale_id), seller, "it broke")
        assert await status_of(sale_id) == SaleStatus.CANCELLED
    assert await balance_of(wallet_of(buyer)) == 5_000, "what was paid is back"
    assert await Strike.count() == 0 and await SecondChanceOffer.count() == 0
    await hold_invariants()


async def test_a_sale_from_before_wins_were_orders_expires_by_its_own_timer_or_gets_its_order():
    buyer = (await a_user()).id
    lapsed, payable = [await a_win(buyer=buyer) for _ in range(2)]
    await db.execute('UPDATE sales SET "order" = NULL')
    for table in ("order_lines", "order_history", "orders"):
        await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await db.execute(f"DELETE FROM {table}")
        await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await db.execute("DELETE FROM timers WHERE kind = 'orders.expiry'")
    assert await set_missing_timers() == 2
    order_id = await order_of_sale(payable)
    assert order_id is not None and order_id == await order_of_sale(payable)
    assert (await read(order_id)).expires_at == await db.fetch_val("SELECT pay_by FROM sales WHERE id = $1", payable)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'auctions.pay_by'")
    await timers.run_due()
    assert [await status_of(one) for one in (lapsed, payable)] == [SaleStatus.UNPAID, SaleStatus.AWAITING_PAYMENT]
    await expire_sale(payable)
    await pay((await read(order_id)).checkout)
    assert await status_of(payable) == SaleStatus.PAID
    await hold_invariants()


async def test_what_was_held_pays_the_win_at_once_and_the_rest_is_free():
    buyer, rival, seller = (await a_user()).id, (await a_user()).id, (await a_user()).id
    for user in (buyer, rival):
        await a_wallet(10_000, owner=user)
    _, lot = await an_auction(seller, requires_hold=True)
    earlier = clock.now() - timedelta(minutes=5)
    await a_bid(lot, rival, "40", at=earlier)
    await a_bid(lot, buyer, "90", at=earlier)
    await ends(lot, -60)
    assert await close_due(lot)
    sale_id = await sale_of(lot)
    order = await read(await order_of(sale_id))
    assert await status_of(sale_id) == SaleStatus.PAID
    assert (order.status, order.captured_minor, order.held_minor) == (Goods.PROCESSING, 4_100, 4_100)
    assert await minor_in(AccountKind.ESCROW, order.id) == 4_100
    assert (await balance_of(wallet_of(buyer)), await held_by(buyer)) == (5_900, 0)
    assert await db.fetch_val("SELECT count(*) FROM invoices WHERE order_id = $1", order.id) == 1
    await outbox.drain()
    told = {row["type"] for row in await db.fetch('SELECT type FROM notifications WHERE "user" = $1', buyer)}
    assert "auction_won" not in told and {"won_and_paid", "hold_released"} <= told
    await hold_invariants()


async def test_buying_outright_where_money_is_held_pays_at_once():
    buyer = (await a_user()).id
    await a_wallet(25_000, owner=buyer)
    _, lot = await an_auction(requires_hold=True, buy_now="200")
    bought = await buy_now(LotRef(lot_id=lot), buyer, clock.now())
    assert await status_of(bought.sale_id) == SaleStatus.PAID
    assert (await balance_of(wallet_of(buyer)), await held_by(buyer)) == (5_000, 0)
    await hold_invariants()


async def test_a_lot_closes_whatever_becomes_of_its_money(monkeypatch):
    from marketplace.auctions.service import holds

    async def broken(*_: object, **__: object) -> None:
        await db.execute("SELECT 1 / 0")

    buyer = (await a_user()).id
    await a_wallet(10_000, owner=buyer)
    _, lot = await an_auction(requires_hold=True)
    await a_bid(lot, buyer, "40", at=clock.now() - timedelta(minutes=5))
    await ends(lot, -60)
    monkeypatch.setattr(holds, "pay_from_wallet", broken)
    assert await close_due(lot)
    assert (await the_lot(lot)).status == "ended"
    assert await status_of(await sale_of(lot)) == SaleStatus.AWAITING_PAYMENT
    assert (await balance_of(wallet_of(buyer)), await held_by(buyer)) == (10_000, 0)
    await hold_invariants()


async def test_several_lots_with_held_money_end_together():
    seller = (await a_user()).id
    auction_id, _ = await an_auction(seller, requires_hold=True, lots=4)
    lots = [row["id"] for row in await db.fetch("SELECT id FROM lots WHERE auction = $1 ORDER BY id", auction_id)]
    buyers = []
    for lot in lots[:3]:
        buyers.append((await a_user()).id)
        await a_wallet(10_000, owner=buyers[-1])
        await a_bid(lot, buyers[-1], "50")
    await end_early(auction_id, Actor(seller))
    assert [await balance_of(wallet_of(buyer)) for buyer in buyers] == [9_901] * 3
    assert await Sale.count().where(Sale.status == SaleStatus.PAID) == 3
    await hold_invariants()


async def test_a_taken_down_auction_cancels_its_orders():
    staff = Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    sale_id = await a_win()
    sale = await Sale.objects().get(Sale.id == sale_id)
    assert sale is not None
    await remove(sale.auction, staff, "counterfeit")
    order = await read(await order_of(sale_id))
    assert order.phase is Phase.CANCELLED and await status_of(sale_id) == SaleStatus.CANCELLED
    assert await Strike.count() == 0
    await hold_invariants()


async def test_an_auction_names_the_order_of_what_was_won_there():
    buyer, seller = (await a_user()).id, (await a_user()).id
    auction_id, _ = await an_auction(seller, lots=2)
    lots = [row["id"] for row in await db.fetch("SELECT id FROM lots WHERE auction = $1 ORDER BY position", auction_id)]
    with pytest.raises(NothingDue):
        await by_auction(buyer, auction_id)
    for lot in lots:
        await a_bid(lot, buyer, "5")
    await end_early(auction_id, Actor(seller))
    orders = [await order_of(await sale_of(lot)) for lot in lots]
    with pytest.raises(SeveralWins) as several:
        await by_auction(buyer, auction_id)
    assert {one["order_id"] for one in several.value.details["orders"]} == {str(order) for order in orders}
    assert list(several.value.fields) == ["auction_id"] and several.value.status_code == 400
    assert await order_of_win(buyer, lot_id=lots[1]) == orders[1]
    await pay((await read(orders[0])).checkout)
    payee = await by_auction(buyer, auction_id)
    assert payee.subject == (await read(orders[1])).checkout
    with pytest.raises(NothingDue):
        await by_auction(seller, auction_id)


async def test_the_lists_of_sales_name_order_and_payment(client):
    (ann, ann_in), (sam, sam_in) = await signed_in(), await signed_in()
    sales = [await a_win(buyer=ann.id, seller=sam.id) for _ in range(4)]
    orders = [await order_of(sale_id) for sale_id in sales]
    for order in orders[1:]:
        await pay((await read(order)).checkout)
    await cancel(orders[2], CancelledBy.STAFF, None, "a fake")
    await cancel(orders[0], CancelledBy.SELLER, sam.id, "it broke")
    for path, headers in (("won", ann_in), ("sold", sam_in)):
        shown = (await client.get(f"{API}/auctions/{path}/?ordering=created_at", headers=headers)).json()["data"][
            "results"
        ]
        assert [one["order_id"] for one in shown] == [str(order) for order in orders]
        assert [one["payment_state"] for one in shown] == ["cancelled", "paid", "refunded", "paid"]
        assert shown[1]["order_number"].startswith("ORD-") and shown[1]["order_status"] == "processing"


async def an_address(client, headers, **over) -> str:
    body = {
        "address_type": "shipping", "full_name": "Ada L.", "street_address": "12 High St.", "city": "London", "country": "GB",
        "zip_code": "E1 6AN",
    }  # fmt: skip
    made = await client.post(f"{API}/auth/me/addresses/", json=body | over, headers=headers)
    assert made.status_code == 201, made.text
    return made.json()["data"]["id"]


async def test_ordering_a_win_finds_its_order_and_says_where_to_send_it(client):
    (ann, ann_in), (_, bob_in) = await signed_in(), await signed_in()
    sale_id = await a_win(buyer=ann.id)
    sale = await Sale.objects().get(Sale.id == sale_id)
    assert sale is not None
    body = {"auction_id": str(sale.auction), "shipping_address_id": await an_address(client, ann_in)}
    assert (await client.post(f"{API}/orders/", json=body, headers=bob_in)).json()["code"] == "nothing_due"
    for wanted in (body, body | {"kind": "auction", "lot_id": str(sale.lot)}):
        found = (await client.post(f"{API}/orders/", json=wanted, headers=ann_in)).json()["data"]
        assert (found["id"], found["shipping_address"]["city"]) == (str(sale.order), "London")
    body["shipping_address_id"] = await an_address(client, bob_in)
    refused = await client.post(f"{API}/orders/", json=body, headers=ann_in)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["shipping_address_id"])
    assert await db.fetch_val("SELECT count(*) FROM orders") == 1


async def test_a_win_that_was_paid_at_once_can_still_be_told_where_to_go(client):
    buyer, headers = await signed_in()
    await a_wallet(10_000, owner=buyer.id)
    first = await order_of(await a_win("20", buyer=buyer.id, requires_hold=True))
    told = await an_address(client, headers)
    path = f"{API}/orders/{first}/"
    assert (await client.put(path, json={"shipping_address_id": told}, headers=headers)).status_code == 200
    again = await client.put(path, json={"shipping_address_id": told}, headers=headers)
    assert again.json()["code"] == "order_not_unpaid", "once it is there it stays"
    await an_address(client, headers, city="Leeds", zip_code="LS1 1UR", is_default=True)
    second = await order_of(await a_win("20", buyer=buyer.id, requires_hold=True))
    shown = (await client.get(f"{API}/orders/{second}/", headers=headers)).json()["data"]
    assert shown["phase"] == "open" and shown["shipping_address"]["city"] == "Leeds", "their usual one"


async def unpaid_wins(user: UUID, many: int) -> list[UUID]:
    sales = [await a_win(buyer=user) for _ in range(many)]
    for sale_id in sales:
        await time_to_pay_passes(sale_id)
    return sales


async def test_too_many_unpaid_wins_suspend_bidding_until_one_is_forgotten(client):
    user, headers = await signed_in()
    auction_id, lot = await an_auction(buy_now="100")
    await unpaid_wins(user.id, 2)
    assert (await a_bid(lot, user.id, "5")).leading
    await unpaid_wins(user.id, 1)
    _, other = await an_auction(buy_now="100")
    with pytest.raises(BiddingRefused) as refused:
        await buy_now(LotRef(lot_id=other), user.id, clock.now())
    answer = await client.post(f"{API}/bids/", json={"auction_id": str(auction_id), "amount": "50"}, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "bidding_suspended")
    until = await suspended_until(user.id)
    first = await db.fetch_val("SELECT min(at) FROM auction_strikes")
    assert until == first + timedelta(days=180) and told["details"]["until"] == until.isoformat()
    assert refused.value.details["until"] == until.isoformat() and f"{until:%Y-%m-%d}" in told["message"]
    shown = (await client.get(f"{API}/users/me/strikes/", headers=headers)).json()["data"]
    assert len(shown["strikes"]) == 3 and shown["suspended_until"] is not None
    await outbox.drain()
    assert await db.fetch_val("SELECT count(*) FROM notifications WHERE type = 'bidding_suspended'") == 1
    await db.execute("UPDATE auction_strikes SET at = at - interval '180 days' WHERE at = $1", first)
    assert (await a_bid(lot, user.id, "50")).leading
    await platform.change({"auctions.strikes": 2}, None)
    with pytest.raises(BiddingRefused):
        await a_bid(lot, user.id, "60")
    await platform.change({"auctions.strikes": 3}, None)


async def test_staff_lift_a_strike_with_a_reason():
    user, staff = (await a_user()).id, Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    await unpaid_wins(user, 3)
    strike = await db.fetch_row("SELECT x.id, s.seller FROM auction_strikes x JOIN sales s ON s.id = x.sale LIMIT 1")
    assert strike is not None
    with pytest.raises(Forbidden):
        await lift(strike["id"], Actor(user), "please")
    with pytest.raises(ValidationFailed):
        await lift(strike["id"], staff, " ")
    for party in (user, strike["seller"]):
        with pytest.raises(OwnInterest):
            await lift(strike["id"], Actor(party, is_staff=True), "a friend")
    with pytest.raises(StrikeNotFound):
        await lift(uuid7(), staff, "a typo")
    await lift(strike["id"], staff, "paid by bank transfer")
    with pytest.raises(Conflict):
        await lift(strike["id"], staff, "again")
    assert await suspended_until(user) is None
    _, lot = await an_auction()
    assert (await a_bid(lot, user, "5")).leading
    assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE action = 'strike.lifted'") == 1
    await outbox.drain()
    assert await db.fetch_val("SELECT count(*) FROM notifications WHERE type = 'strike_lifted'") == 1
    await hold_invariants()
