"""The whole way of the money, as people walk it: over HTTP, on a running instance, with the sandbox for a bank."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from marketplace.core import db
from tests import instances
from tests.eventually import eventually
from tests.factories import signed_in
from tests.factories.orders import hold_invariants, set_times

API = "/api/v1"


class Person:
    """Somebody with a token and something like curl."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str], user_id: Any) -> None:
        self.http, self.headers, self.id = http, headers, user_id

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(f"{API}{path}", params=params, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def post(self, path: str, key: str = "", **body: Any) -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        answer = await self.http.post(f"{API}{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    async def money(self, currency: str = "USD") -> dict[str, str]:
        balances = (await self.get("/wallet/"))["balances"]
        return next((one for one in balances if one["currency"] == currency), {})


@pytest.fixture
async def people(server):
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        (seller, seller_in), (buyer, buyer_in) = await signed_in(), await signed_in()
        yield Person(http, seller_in, seller.id), Person(http, buyer_in, buyer.id)


async def a_won_clock(seller: Person, buyer: Person, **over: Any) -> dict[str, Any]:
    """Listed, bid on and sold to the leader before its time; the sale as its buyer sees it."""
    listed = await seller.post(
        "/auctions/", title="A brass clock", starting_price="100.00", duration_days=7, **over
    )  # fmt: skip
    await seller.post(f"/auctions/{listed['id']}/activate/")
    await buyer.post("/bids/", auction_id=listed["id"], amount="250.00")
    await seller.post(f"/auctions/{listed['id']}/end/")
    [sale] = (await buyer.get("/auctions/won/"))["results"]
    return sale


async def test_from_a_win_to_the_sellers_bank(server, people):
    seller, buyer = people
    sale = await a_won_clock(seller, buyer)
    assert (sale["payment_state"], sale["order_status"], sale["amount"]) == ("unpaid", "pending", "100.00")

    address = await buyer.post(
        "/auth/me/addresses/", address_type="shipping", full_name="Ada L.", street_address="12 High St.", city="London",
        country="GB", zip_code="E1 6AN",
    )  # fmt: skip
    order = await buyer.post(
        "/orders/", kind="auction", auction_id=sale["auction_id"], shipping_address_id=address["id"]
    )
    assert (order["id"], order["order_number"]) == (sale["order_id"], sale["order_number"])
    assert (order["shipping_address"]["city"], order["checkout"]["amount_due"]) == ("London", "100.00")

    payment = await buyer.post(
        "/payments/", key="pay-once", auction_id=sale["auction_id"], payment_method="sandbox",
        payment_method_id="pm_card_3ds", return_url="/orders/",
    )  # fmt: skip
    assert (payment["status"], payment["action_kind"], payment["amount"]) == ("requires_action", "redirect", "100.00")
    page = await buyer.http.get(payment["action_url"])
    assert page.status_code == 200 and "100.00" in page.text
    key = httpx.URL(payment["action_url"]).params["key"]
    approved = await buyer.http.post(payment["action_url"].partition("?")[0], data={"key": key, "do": "approve"})
    assert approved.status_code == 303

    async def paid() -> bool:  # by the webhook alone: nobody confirms
        return (await buyer.get(f"/payments/{payment['id']}/"))["status"] == "succeeded"

    await eventually(paid)
    again = await buyer.post(
        "/payments/", key="pay-once", auction_id=sale["auction_id"], payment_method="sandbox",
        payment_method_id="pm_card_3ds", return_url="/orders/",
    )  # fmt: skip
    assert again["id"] == payment["id"], "the same key is the same payment"
    assert (await seller.get(f"/orders/{order['id']}/"))["escrow"] == "held"
    [sold] = (await seller.get("/auctions/sold/"))["results"]
    assert (sold["payment_state"], sold["status"]) == ("paid", "paid")

    await seller.post(f"/orders/{order['id']}/ship/", carrier="DHL", tracking_number="00340434161094042557")
    done = await buyer.post(f"/orders/{order['id']}/complete/")
    assert (done["status"], done["escrow"]) == ("delivered", "released")
    earned = await seller.money()
    assert (earned["pending_earnings"], earned["cleared_earnings"]) == ("90.00", "0.00"), "less a tenth"

    method = await seller.post(
        "/payouts/methods/", provider="sandbox", destination="acct_ok", label="My bank", is_default=True
    )
    early = await seller.http.post(
        f"{API}/payouts/request/", json={"currency": "USD", "amount": "90.00"}, headers=seller.headers
    )
    assert (early.status_code, early.json()["code"]) == (409, "nothing_to_pay_out"), "nothing has cleared yet"
    await set_times(order["id"], clears_at=timedelta(seconds=1))

    async def cleared() -> bool:
        return (await seller.money())["cleared_earnings"] == "90.00"

    await eventually(cleared)
    payout = await seller.post("/payouts/request/", key="out", currency="USD", payout_method_id=method["id"])
    assert payout["amount"] == "90.00"

    async def arrived() -> bool:
        return (await seller.get(f"/payouts/{payout['id']}/"))["status"] == "paid"

    await eventually(arrived)
    assert (await seller.money())["cleared_earnings"] == "0.00"

    told = await seller.get(f"/orders/{order['id']}/money/")
    assert [step["what"] for step in told["postings"]] == ["capture", "release", "clear"]
    assert told["escrow_balance"] == "0.00"
    await _is_told(
        seller, {"lot_sold", "sale_paid", "order_completed", "money_released", "money_cleared", "payout_paid"}
    )
    await _is_told(buyer, {"auction_won", "payment_received", "order_shipped"})
    [invoice] = (await buyer.get("/invoices/"))["results"]
    paper = await buyer.http.get(
        f"{API}/invoices/{invoice['id']}/", headers=buyer.headers | {"accept": "application/pdf"}
    )
    assert paper.content.startswith(b"%PDF")
    await _books_agree(server)


async def test_from_money_in_the_wallet_through_a_hold_to_a_refund(server, people):
    seller, buyer = people
    deposit = await buyer.post(
        "/wallet/deposit/",
        key="in",
        amount="300.00",
        currency="USD",
        payment_method="sandbox",
        payment_method_id="pm_card_ok",
    )
    assert deposit["status"] == "succeeded"
    assert (await buyer.money())["available"] == "300.00"
    sale = await a_won_clock(seller, buyer, requires_hold=True)
    assert (sale["payment_state"], sale["order_status"]) == ("paid", "processing"), "paid by what was held"
    money = await buyer.money()
    assert (money["available"], money["held"]) == ("200.00", "0.00")
    cancelled = await seller.post(f"/orders/{sale['order_id']}/cancel/", reason="It fell down the stairs.")
    assert cancelled["status"] == "cancelled"
    assert (await buyer.money())["available"] == "300.00"
    [sale] = (await buyer.get("/auctions/won/"))["results"]
    assert (sale["payment_state"], sale["status"]) == ("refunded", "cancelled")
    await _is_told(buyer, {"won_and_paid", "hold_released", "order_cancelled", "order_refunded"})
    await _books_agree(server)


async def _is_told(person: Person, kinds: set[str]) -> None:
    async def told() -> bool:
        rows = await db.fetch('SELECT type FROM notifications WHERE "user" = $1', person.id)
        return kinds <= {row["type"] for row in rows}

    await eventually(told)


async def _books_agree(server: instances.Instance) -> None:
    async def worked_off() -> bool:
        return not await db.fetch_val("SELECT count(*) FROM outbox")

    await eventually(worked_off)
    await hold_invariants()
    run = instances.launch("reconcile", environ=server.environ)
    assert run.process.wait(instances.PATIENCE) == 0, run.said
    assert "The books agree" in run.said
