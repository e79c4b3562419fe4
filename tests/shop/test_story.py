"""The shop as people walk it, over HTTP on a running instance: two sellers, a guest who becomes a buyer, one payment, parcels, and
one thing that goes back. At every step the money is what the quote said it would be.
"""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.registration import register
from marketplace.accounts.service.sessions import Client
from marketplace.core import db
from tests.eventually import eventually
from tests.factories import signed_in
from tests.factories.orders import hold_invariants
from tests.orders.test_from_win_to_payout import API, Person

EMAIL, PASSWORD = "grace@example.com", "a rather long sentence"


@pytest.fixture
async def http(server):
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        yield client


def cents(*amounts: str) -> int:
    return int(sum(Decimal(amount) for amount in amounts) * 100)


async def a_catalogue(http: httpx.AsyncClient) -> tuple[Person, Person]:
    """A potter with cups and bowls, and a smith with a kettle."""
    people = []
    for things in ([("A cup", "9.99", 20), ("A bowl", "24.50", 5)], [("A kettle", "75.05", 3)]):
        user, headers = await signed_in()
        seller = Person(http, headers, user.id)
        for name, price, quantity in things:
            await seller.post("/products/", name=name, price=price, quantity=quantity, sku=name.upper())
        people.append(seller)
    return people[0], people[1]


async def found(http: httpx.AsyncClient, word: str) -> dict[str, Any]:
    answer = await http.get(f"{API}/products/", params={"search": word})
    [card] = answer.json()["data"]["results"]
    return dict((await http.get(f"{API}/products/{card['slug']}/")).json()["data"])


async def a_full_cart(http: httpx.AsyncClient) -> dict[str, str]:
    """Three cups, a bowl and a kettle, put in by somebody nobody knows: the token their cart is named by."""
    token: dict[str, str] = {}
    for word, quantity in (("cup", 3), ("bowl", 1), ("kettle", 1)):
        body = {"product_id": (await found(http, word))["id"], "quantity": quantity}
        answer = await http.post(f"{API}/cart/items/", json=body, headers=token)
        assert answer.status_code == 201, answer.text
        token = token or {"X-Cart-Token": answer.headers["x-cart-token"]}
    return token


async def signed_in_with(http: httpx.AsyncClient, token: dict[str, str]) -> Person:
    """Grace has an account; signing in brings the cart along."""
    made = await register(Registration(email=EMAIL, password=PASSWORD), Client(), "")
    assert made is not None
    answer = await http.post(f"{API}/auth/login/", json={"email": EMAIL, "password": PASSWORD}, headers=token)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return Person(http, {"authorization": f"Bearer {data['access']}"}, data["user"]["id"])


async def a_quote(grace: Person, address: str) -> dict[str, Any]:
    """With a tenth off the potter's things. Every step is shown, and they sum."""
    quote: dict[str, Any] = await grace.post("/cart/quote/", coupon_codes=["CLAY-10"], shipping_address_id=address)
    assert quote["problems"] == [] and quote["refused_coupons"] == []
    assert (quote["subtotal"], quote["discount"]) == ("129.52", "5.45")
    for part in quote["sellers"]:
        lines = part["lines"]
        assert cents(part["subtotal"]) == sum(cents(line["subtotal"]) for line in lines)
        assert cents(part["discount"]) == sum(cents(line["discount"]) for line in lines)
        assert cents(part["tax"]) == sum(cents(line["tax"]) for line in lines)
        assert cents(part["total_amount"]) == sum(cents(line["total"]) for line in lines) + cents(part["shipping_cost"])
    assert cents(quote["total_amount"]) == sum(cents(part["total_amount"]) for part in quote["sellers"])
    assert quote["steps"][-1]["runs_to"] == quote["total_amount"]
    return {part["seller"]["id"]: part for part in quote["sellers"]} | {"total": quote["total_amount"]}


async def the_orders(grace: Person, address: str, quote: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One checkout, an order a seller, each what was quoted to the cent."""
    first = await grace.post(
        "/orders/", key="order-once", shipping_address_id=address, billing_address_id=address, coupon_codes=["CLAY-10"]
    )
    assert first["checkout"]["amount_due"] == quote["total"] and first["status"] == "pending"
    orders = [await grace.get(f"/orders/{one['id']}/") for one in first["checkout"]["orders"]]
    for one in orders:
        part = quote[one["seller"]["id"]]
        for name in ("subtotal", "discount", "tax", "shipping_cost", "total_amount"):
            assert one[name] == part[name], name
        lines = [cents(item["subtotal"], item["tax"]) - cents(item["discount"]) for item in one["items"]]
        assert sum(lines) == cents(one["total_amount"]) - cents(one["shipping_cost"])
    return {one["seller"]["id"]: one for one in orders}


async def postings(person: Person, order: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """(what, {account: cents}) of every posting of an order; each of them nets to zero."""
    told = (await person.get(f"/orders/{order['id']}/money/"))["postings"]
    made = [(step["what"], {line["account"]: cents(line["amount"]) for line in step["lines"]}) for step in told]
    assert all(sum(lines.values()) == 0 for _, lines in made)
    return made


async def test_from_the_shelf_to_the_door_and_one_cup_back(server, http):
    potter, smith = await a_catalogue(http)
    await potter.post("/shop/coupons/", title="A tenth off clay", kind="percent", percent="10", code="CLAY-10")
    grace = await signed_in_with(http, await a_full_cart(http))
    assert ((cart := await grace.get("/cart/"))["total_items"], cart["subtotal"]) == (5, "129.52")
    home = await grace.post(
        "/auth/me/addresses/", address_type="shipping", full_name="Grace H.", street_address="1 Main St",
        city="New York", state="NY", country="USA", zip_code="10001",
    )  # fmt: skip

    quote = await a_quote(grace, home["id"])
    orders = await the_orders(grace, home["id"], quote)
    assert (await grace.get("/cart/"))["items"] == []
    clay, iron = orders[str(potter.id)], orders[str(smith.id)]

    payment = await grace.post(
        "/payments/", key="pay-once", order_id=clay["id"], payment_method="sandbox", payment_method_id="pm_card_ok"
    )
    assert (payment["status"], payment["amount"]) == ("succeeded", quote["total"])
    for order, seller in ((clay, potter), (iron, smith)):
        total = cents(order["total_amount"])
        assert await postings(seller, order) == [("capture", {"provider": -total, "escrow": total})]

    await two_parcels_and_a_kettle(grace, potter, smith, clay, iron)
    await it_is_shared_as_quoted(potter, clay, quote)
    await it_is_shared_as_quoted(smith, iron, quote)
    await one_cup_goes_back(grace, potter, clay)
    await what_she_says_of_it(grace, potter)
    await everybody_was_told(grace, potter)
    await hold_invariants()


async def two_parcels_and_a_kettle(
    grace: Person, potter: Person, smith: Person, clay: dict[str, Any], iron: dict[str, Any]
) -> None:
    """The potter sends two cups first, the third and the bowl later; the smith sends all there is."""
    cups, bowl = [item["id"] for item in sorted(clay["items"], key=lambda item: item["product_name"], reverse=True)]
    path = f"/orders/{clay['id']}/shipments/"
    first = await potter.post(path, carrier="DHL", tracking_number="JD01", lines=[{"line_id": cups, "quantity": 2}])
    assert first["tracking_url"].endswith("JD01")
    shown = await grace.get(f"/orders/{clay['id']}/")
    assert (shown["status"], shown["shipping_status"]) == ("processing", "partially_shipped")
    rest = [{"line_id": cups, "quantity": 1}, {"line_id": bowl, "quantity": 1}]
    second = await potter.post(path, carrier="UPS", tracking_number="1Z02", lines=rest)
    shown = await grace.get(f"/orders/{clay['id']}/")
    assert (shown["status"], shown["shipping_status"], shown["tracking_number"]) == ("shipped", "shipped", "1Z02")
    await potter.post(f"{path}{first['id']}/deliver/")
    await grace.post(f"{path}{first['id']}/confirm/")
    assert (await grace.get(f"/orders/{clay['id']}/"))["escrow"] == "held", "half of it is not all of it"
    done = await grace.post(f"{path}{second['id']}/confirm/")
    assert (done["status"], done["shipping_status"], done["escrow"]) == ("delivered", "delivered", "released")
    assert [step["status"] for step in done["status_history"]] == ["pending", "processing", "shipped", "delivered"]
    await smith.post(f"/orders/{iron['id']}/ship/", carrier="DHL", tracking_number="JD03")
    await grace.post(f"/orders/{iron['id']}/complete/")


async def it_is_shared_as_quoted(seller: Person, order: dict[str, Any], quote: dict[str, Any]) -> None:
    part = quote[order["seller"]["id"]]
    what, lines = (await postings(seller, order))[-1]
    assert what == "release" and lines == {
        "escrow": -cents(order["total_amount"]), "seller_pending": cents(part["seller_receives"]),
        "commission": cents(part["commission"]), "tax": cents(part["tax"]),
    }  # fmt: skip
    assert (await seller.money())["pending_earnings"] == part["seller_receives"]


async def one_cup_goes_back(grace: Person, potter: Person, clay: dict[str, Any]) -> None:
    """It is worth a third of its line, tax and discount included; what each had of that they give back."""
    cups = next(item for item in clay["items"] if item["product_name"] == "A cup")
    asked = await grace.post(
        f"/orders/{clay['id']}/returns/", reason="It leaks.", lines=[{"line_id": cups["id"], "quantity": 1}]
    )
    worth = (cents(cups["subtotal"], cups["tax"]) - cents(cups["discount"])) // 3
    assert (asked["status"], cents(asked["amount"])) == ("requested", worth)
    await potter.post(f"/returns/{asked['id']}/approve/", note="To the workshop, please.")
    done = await potter.post(f"/returns/{asked['id']}/receive/", restock=False)
    assert (done["status"], cents(done["refunded_amount"]), done["shipping_amount"]) == ("refunded", worth, "0.00")
    what, lines = (await postings(potter, clay))[-1]
    assert what == "refund" and lines.pop("refund") == worth
    assert set(lines) == {"seller_pending", "commission", "tax"} and sum(lines.values()) == -worth

    async def came_back() -> bool:
        return (await postings(potter, clay))[-1][0] == "refund_settle"

    await eventually(came_back)
    after = await grace.get(f"/orders/{clay['id']}/")
    assert (after["status"], cents(after["refunded_amount"])) == ("delivered", worth), "the rest is kept"


async def what_she_says_of_it(grace: Person, potter: Person) -> None:
    bowl = await found(grace.http, "bowl")
    review = await grace.post(
        f"/products/{bowl['slug']}/reviews/", rating=5, title="A fine bowl", comment="It holds soup."
    )
    assert review["is_verified_purchase"] is True
    await potter.post(f"/products/{bowl['slug']}/reviews/{review['id']}/reply/", reply="Enjoy it!")
    assert (await grace.get(f"/products/{bowl['slug']}/"))["average_rating"] == 5
    stock = {name: (await grace.get(f"/products/{(await found(grace.http, name))['slug']}/"))["quantity"] for name in ("cup", "bowl", "kettle")}  # fmt: skip
    assert stock == {"cup": 17, "bowl": 4, "kettle": 2}, "the cup that leaks is not sold again"


async def everybody_was_told(grace: Person, potter: Person) -> None:
    async def kinds(person: Person) -> set[str]:
        rows = await db.fetch('SELECT type FROM notifications WHERE "user" = $1', person.id)
        return {row["type"] for row in rows}

    async def all_told() -> bool:
        hers, his = await kinds(grace), await kinds(potter)
        return {
            "order_placed", "payment_received", "shipment_sent", "order_shipped", "return_approved", "return_received",
            "order_refunded", "review_replied",
        } <= hers and {"sale_paid", "order_completed", "return_requested", "review_received"} <= his  # fmt: skip

    await eventually(all_told)

    async def worked_off() -> bool:
        """But for what listeners of other tests' modules wait for, which the service does not know."""
        return not await db.fetch_val("SELECT count(*) FROM outbox WHERE handler NOT LIKE 'tests.%'")

    await eventually(worked_off)
