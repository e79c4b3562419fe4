"""Orders over HTTP: what each side sees, does, and is refused."""

import pytest
from msgspec import Struct

from marketplace.app import create_app
from marketplace.core import db
from marketplace.core.money import Money
from marketplace.orders import ordering
from marketplace.orders.fulfilment import Step
from marketplace.orders.service.placing import place
from tests.factories import a_user, bearer, signed_in
from tests.factories.orders import a_draft, a_line, an_order, hold_invariants, pay, read, register_goods
from tests.statements import statements

API = "/api/v1/orders"
HOME = {
    "address_type": "shipping", "full_name": "John Doe", "street_address": "123 Main St", "city": "Los Angeles", "state": "CA",
    "country": "USA", "zip_code": "90001",
}  # fmt: skip


class Deal:
    """One order, its two sides, and a stranger."""

    async def begin(self, client, *, paid=True, **over) -> "Deal":
        self.client = client
        self.buyer, self.as_buyer = await signed_in()
        self.seller, self.as_seller = await signed_in()
        _, self.as_stranger = await signed_in()
        self.id = await an_order(
            over.pop("minor", 10_000), buyer=self.buyer.id, seller=self.seller.id, paid=paid, **over
        )
        return self

    async def get(self, headers, more=""):
        return await self.client.get(f"{API}/{self.id}{more}/", headers=headers)

    async def do(self, verb, headers, body=None, **more):
        return await self.client.post(f"{API}/{self.id}/{verb}/", json=body or {}, headers=headers | more)


@pytest.fixture
async def deal(client) -> Deal:
    return await Deal().begin(client, tax=1_000)


@pytest.fixture
async def unpaid(client) -> Deal:
    return await Deal().begin(client, paid=False)


async def test_an_order_is_shown_to_both_its_sides(deal):
    bought = (await deal.get(deal.as_buyer)).json()["data"]
    sold = (await deal.get(deal.as_seller)).json()["data"]
    assert bought["items"] == [
        {
            "id": bought["items"][0]["id"], "subject_id": bought["items"][0]["subject_id"], "product_name": "A brass clock",
            "product_sku": "", "variant_name": "", "quantity": 1, "shipped_quantity": 0, "cancelled_quantity": 0, "price": "100.00", "subtotal": "100.00",
            "discount": "0.00", "tax": "10.00", "commission": None,
        }
    ]  # fmt: skip
    shown = (
        "status",
        "phase",
        "escrow",
        "subtotal",
        "tax",
        "shipping_cost",
        "total_amount",
        "held_amount",
        "tracking_number",
    )
    assert [bought[name] for name in shown] == [
        "processing", "open", "held", "100.00", "10.00", "0.00", "110.00", "110.00", None,
    ]  # fmt: skip
    assert (bought["role"], bought["commission"], bought["net_amount"], bought["clears_at"]) == (
        "buyer",
        None,
        None,
        None,
    )
    assert (sold["role"], sold["commission"], sold["net_amount"], sold["checkout"]) == (
        "seller",
        "10.00",
        "90.00",
        None,
    )
    assert sold["items"][0]["commission"] == "10.00"
    assert bought["checkout"]["amount_due"] == "0.00" and len(bought["checkout"]["orders"]) == 1
    history = [(step["status"], step["by"]) for step in bought["status_history"]]
    assert history == [("pending", "buyer"), ("processing", "buyer")]
    assert (await deal.get(deal.as_stranger)).json()["code"] == "order_not_found"


async def test_reading_takes_one_statement(deal):
    for more in ("", "/money") * 2:
        await deal.get(deal.as_buyer, more)
    async with statements() as made:
        await deal.get(deal.as_buyer)
    assert len(made) == 2, made  # who asks, and the order
    async with statements() as made:
        await deal.get(deal.as_buyer, "/money")
    assert len(made) == 3, made


async def test_lists_are_of_one_side_or_both(client):
    me, headers = await signed_in()
    bought = await an_order(5_000, buyer=me.id, paid=True, title="A silver spoon")
    sold = await an_order(7_000, seller=me.id)
    await an_order()

    async def ids(**params):
        answer = await client.get(f"{API}/", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]["results"]]

    assert await ids() == [str(sold), str(bought)]
    assert await ids(role="buyer") == [str(bought)]
    assert await ids(role="seller") == [str(sold)]
    assert await ids(phase="open,completed") == [str(bought)]
    assert await ids(status="pending") == [str(sold)]
    assert await ids(kind="auction") == []
    assert await ids(escrow="held") == [str(bought)]
    assert await ids(search="spoon") == [str(bought)]
    number = await db.fetch_val("SELECT number FROM orders WHERE id = $1", sold)
    assert await ids(search=number[-6:].lower()) == [str(sold)]
    assert await ids(ordering="total_amount") == [str(bought), str(sold)]
    assert await ids(date_before="2020-01-01") == []
    first = await client.get(f"{API}/", params={"cursor": "", "page_size": 1}, headers=headers)
    then = await client.get(first.json()["data"]["next"], headers=headers)
    assert [row["id"] for row in then.json()["data"]["results"]] == [str(bought)]
    row = first.json()["data"]["results"][0]
    assert (row["role"], row["title"], row["item_count"], row["total_amount"]) == (
        "seller",
        "A brass clock",
        1,
        "70.00",
    )
    refused = await client.get(f"{API}/", params={"role": "thief"}, headers=headers)
    assert refused.status_code == 400 and list(refused.json()["errors"]) == ["role"]


async def test_escrow_tells_where_the_money_is(client):
    me, headers = await signed_in()
    held = await an_order(5_000, buyer=me.id, paid=True)
    released = await an_order(7_000, seller=me.id, paid=True)
    await an_order(1, buyer=me.id)
    from marketplace.orders.service import completing

    await completing.complete(released, None, "received")
    answer = await client.get("/api/v1/escrow/", headers=headers)
    rows = {row["order_id"]: row for row in answer.json()["data"]["results"]}
    assert {key: (row["status"], row["held"], row["released"]) for key, row in rows.items()} == {
        str(held): ("held", "50.00", "0.00"), str(released): ("released", "0.00", "70.00"),
    }  # fmt: skip
    only = await client.get("/api/v1/escrow/?status=held&currency=USD&role=buyer", headers=headers)
    assert [row["order_id"] for row in only.json()["data"]["results"]] == [str(held)]


async def test_shipping_and_receiving(deal):
    for headers, code in ((deal.as_buyer, "only_the_seller"), (deal.as_stranger, "order_not_found")):
        assert (await deal.do("ship", headers, {"carrier": "DHL", "tracking_number": "1"})).json()["code"] == code
    missing = await deal.do("ship", deal.as_seller, {"carrier": "DHL"})
    assert missing.status_code == 400 and list(missing.json()["errors"]) == ["tracking_number"]
    shipped = await deal.do("ship", deal.as_seller, {"carrier": "DHL", "tracking_number": "0034"})
    data = shipped.json()["data"]
    assert (data["status"], data["carrier"], data["tracking_number"]) == ("shipped", "DHL", "0034")
    assert data["shipped_at"] and data["auto_complete_at"]
    again = await deal.do("ship", deal.as_seller, {"carrier": "DHL", "tracking_number": "0035"})
    assert again.status_code == 409 and again.json()["code"] == "illegal_transition"
    assert again.json()["details"] == {
        "current": "shipped", "target": "shipped", "allowed": ["delivered", "returned"],
    }  # fmt: skip
    delivered = await deal.do("deliver", deal.as_seller)
    assert delivered.json()["data"]["status"] == "shipped" and delivered.json()["data"]["delivered_at"]
    assert (await deal.do("complete", deal.as_seller)).json()["code"] == "only_the_buyer"
    complete = await deal.do("complete", deal.as_buyer)
    data = complete.json()["data"]
    assert (data["status"], data["phase"], data["escrow"], data["held_amount"]) == (
        "delivered",
        "completed",
        "released",
        "0.00",
    )
    assert (await deal.do("complete", deal.as_buyer)).json()["code"] == "illegal_transition"
    await hold_invariants()


async def test_handing_over_is_shipping_without_a_carrier(deal):
    data = (await deal.do("deliver", deal.as_seller)).json()["data"]
    assert (data["status"], data["carrier"], data["escrow"]) == ("shipped", None, "held")
    assert data["shipped_at"] and data["delivered_at"] and data["auto_complete_at"]
    assert (await deal.do("deliver", deal.as_buyer)).json()["code"] == "only_the_seller"


async def test_an_unpaid_order_is_neither_shipped_nor_received(unpaid):
    for verb, headers, body in (
        ("ship", unpaid.as_seller, {"carrier": "DHL", "tracking_number": "1"}), ("deliver", unpaid.as_seller, {}),
        ("complete", unpaid.as_buyer, {}),
    ):  # fmt: skip
        refused = await unpaid.do(verb, headers, body)
        assert refused.status_code == 409 and refused.json()["details"]["current"] == "pending", refused.text
    assert (await unpaid.do("refund", unpaid.as_seller)).json()["code"] == "order_not_paid"


@pytest.mark.parametrize("side", ["as_buyer", "as_seller"])
async def test_either_side_cancels_before_it_is_sent(deal, side):
    answer = await deal.do("cancel", getattr(deal, side), {"reason": "Changed my mind"})
    data = answer.json()["data"]
    assert (data["status"], data["escrow"], data["refunded_amount"], data["cancel_reason"]) == (
        "cancelled", "refunded", "110.00", "Changed my mind",
    )  # fmt: skip
    again = await deal.do("cancel", getattr(deal, side))
    assert again.status_code == 409 and again.json()["details"]["current"] == "cancelled"
    await hold_invariants()


async def test_what_is_on_its_way_is_not_cancelled(deal):
    await deal.do("ship", deal.as_seller, {"carrier": "DHL", "tracking_number": "1"})
    refused = await deal.do("cancel", deal.as_buyer)
    assert refused.status_code == 409 and refused.json()["code"] == "illegal_transition"
    assert refused.json()["details"] == {
        "current": "shipped", "target": "cancelled", "allowed": ["delivered", "returned"],
    }  # fmt: skip
    assert (await deal.do("cancel", deal.as_stranger)).status_code == 404


async def test_the_seller_refunds(deal):
    assert (await deal.do("refund", deal.as_buyer)).json()["code"] == "only_the_seller"
    for wrong in ("0", "0.001", "-5", "x"):
        refused = await deal.do("refund", deal.as_seller, {"amount": wrong})
        assert refused.status_code == 400 and list(refused.json()["errors"]) == ["amount"], refused.text
    part = await deal.do("refund", deal.as_seller, {"amount": "10.00", "reason": "A scratch"})
    data = part.json()["data"]
    assert (data["amount"], data["currency"], data["order"]["refunded_amount"]) == ("10.00", "USD", "10.00")
    more = await deal.do("refund", deal.as_seller, {"amount": "100.01"})
    assert more.status_code == 409 and more.json()["details"] == {"refundable": "100.00", "currency": "USD"}
    rest = await deal.do("refund", deal.as_seller)
    assert rest.json()["data"]["order"]["status"] == "cancelled"
    await hold_invariants()


async def test_a_key_makes_it_once(deal):
    key = {"Idempotency-Key": "once"}
    first = await deal.do("refund", deal.as_seller, {"amount": "10.00"}, **key)
    second = await deal.do("refund", deal.as_seller, {"amount": "10.00"}, **key)
    assert first.text == second.text and second.headers["Idempotent-Replayed"] == "true"
    assert (await deal.do("refund", deal.as_seller, {"amount": "11.00"}, **key)).status_code == 422
    assert (await read(deal.id)).refunded_minor == 1_000


async def test_addresses_are_snapshots(unpaid):
    made = await unpaid.client.post("/api/v1/auth/me/addresses", json=HOME, headers=unpaid.as_buyer)
    address = made.json()["data"]["id"]

    async def put(headers, **body):
        return await unpaid.client.put(f"{API}/{unpaid.id}/", json=body, headers=headers)

    changed = await put(unpaid.as_buyer, shipping_address_id=address, note="Ring twice")
    data = changed.json()["data"]
    assert data["shipping_address"]["street_address"] == "123 Main St" and data["note"] == "Ring twice"
    await unpaid.client.patch(f"/api/v1/auth/me/addresses/{address}", json={"city": "Oakland"}, headers=unpaid.as_buyer)
    assert (await unpaid.get(unpaid.as_seller)).json()["data"]["shipping_address"]["city"] == "Los Angeles"
    unknown = await put(unpaid.as_buyer, billing_address_id="00000000-0000-7000-8000-000000000000")
    assert unknown.status_code == 400 and list(unknown.json()["errors"]) == ["billing_address_id"]
    assert (await put(unpaid.as_seller, note="x")).json()["code"] == "only_the_buyer"
    assert (await put(unpaid.as_buyer, carrier="DHL")).json()["code"] == "only_the_seller"
    assert (await put(unpaid.as_seller, carrier="DHL")).json()["code"] == "illegal_transition"
    assert (await put(unpaid.as_buyer, total_amount="0.01")).status_code == 400
    await pay(await db.fetch_val("SELECT checkout FROM orders WHERE id = $1", unpaid.id))
    late = await put(unpaid.as_buyer, note="Too late")
    assert (
        late.status_code == 409
        and late.json()["code"] == "order_not_unpaid"
        and list(late.json()["errors"]) == ["note"]
    )
    await unpaid.do("ship", unpaid.as_seller, {"carrier": "DHL", "tracking_number": "1"})
    corrected = await put(unpaid.as_seller, tracking_number="2")
    assert (corrected.json()["data"]["carrier"], corrected.json()["data"]["tracking_number"]) == ("DHL", "2")
    await hold_invariants()


async def test_the_money_of_an_order_is_told_to_each_side_in_its_words(deal):
    await deal.do("refund", deal.as_seller, {"amount": "11.00"})
    await deal.do("complete", deal.as_buyer)
    bought = (await deal.get(deal.as_buyer, "/money")).json()["data"]
    sold = (await deal.get(deal.as_seller, "/money")).json()["data"]

    def told(money):
        return [
            (step["what"], {line["account"]: line["amount"] for line in step["lines"]}, step["escrow_balance"])
            for step in money["postings"]
        ]

    assert told(bought) == [
        ("capture", {"provider": "-110.00", "escrow": "110.00"}, "110.00"),
        ("refund", {"escrow": "-11.00", "refund": "11.00"}, "99.00"),
        ("release", {"escrow": "-99.00", "seller": "99.00"}, "0.00"),
    ]
    assert told(sold)[2] == (
        "release", {"escrow": "-99.00", "seller_pending": "81.00", "commission": "9.00", "tax": "9.00"}, "0.00",
    )  # fmt: skip
    assert (bought["role"], bought["escrow_balance"]) == ("buyer", "0.00")
    assert str(deal.buyer.id) not in str(sold) and str(deal.seller.id) not in str(bought)
    assert (await deal.get(deal.as_stranger, "/money")).status_code == 404


async def test_a_step_is_what_the_kind_says(deal):
    refused = await deal.do("accept", deal.as_seller)
    assert refused.status_code == 409 and refused.json()["details"] == {
        "current": "processing", "target": "accept", "allowed": [],
    }  # fmt: skip
    register_goods(start=Step("shipped"))
    try:
        assert (await deal.do("start", deal.as_buyer)).json()["code"] == "only_the_seller"
        assert (await deal.do("start", deal.as_seller)).json()["data"]["status"] == "shipped"
        assert (await deal.do("start", deal.as_seller)).json()["code"] == "illegal_transition"
    finally:
        register_goods()


class Wanted(Struct, tag_field="kind", tag="test_goods", forbid_unknown_fields=True):
    seller: str
    minor: int = 100


class Again(Struct, tag_field="kind", tag="again", forbid_unknown_fields=True):
    order: str
    seller: str = ""


@pytest.fixture
async def ways(tables):
    from uuid import UUID

    async def wanted(buyer, request):
        return [a_draft(UUID(request.seller), a_line(request.minor))]

    async def again(buyer, request):
        return UUID(request.order)

    ordering.register(Wanted, wanted)
    ordering.register(Again, again)
    import httpx

    transport = httpx.ASGITransport(create_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http
    ordering.unregister("test_goods")
    ordering.unregister("again")


async def test_ordering_by_kind(ways):
    buyer, headers = await signed_in()
    seller = await a_user()
    made = await ways.post(
        f"{API}/", json={"kind": "test_goods", "seller": str(seller.id), "minor": 250}, headers=headers
    )
    assert made.status_code == 201, made.text
    data = made.json()["data"]
    assert (data["total_amount"], data["status"], data["role"]) == ("2.50", "pending", "buyer")
    assert data["checkout"]["amount_due"] == "2.50"
    untagged = await ways.post(f"{API}/", json={"seller": str(seller.id)}, headers=headers)
    assert untagged.json()["data"]["total_amount"] == "1.00"
    found = await ways.post(f"{API}/", json={"order": data["id"]}, headers=headers)
    assert found.json()["data"]["id"] == data["id"]
    own = await ways.post(f"{API}/", json={"seller": str(buyer.id)}, headers=headers)
    assert own.status_code == 409 and own.json()["code"] == "own_goods"
    await hold_invariants()


@pytest.mark.parametrize("body", [{"kind": "boat", "package": 1}, {"nonsense": 1}, {}, {"kind": 5}, {"kind": None}])
async def test_an_unknown_kind_is_told_which_there_are(ways, body):
    _, headers = await signed_in()
    refused = await ways.post(f"{API}/", json=body, headers=headers)
    assert refused.status_code == 400 and list(refused.json()["errors"]) == ["kind"]
    told = refused.json()["errors"]["kind"][0]
    assert "again" in told and "test_goods" in told


async def test_a_body_of_a_kind_is_checked_like_any(ways):
    _, headers = await signed_in()
    refused = await ways.post(f"{API}/", json={"kind": "test_goods", "minor": "1", "colour": "red"}, headers=headers)
    assert refused.status_code == 400 and set(refused.json()["errors"]) == {"seller", "minor", "colour"}
    for body, wrong in (({"seller": "x", "colour": "red"}, {"colour"}), ({"minor": 1}, {"seller"})):
        untagged = await ways.post(f"{API}/", json=body, headers=headers)
        assert untagged.status_code == 400 and set(untagged.json()["errors"]) == wrong, "what is wrong with it is said"
    for content in (b"", b"[]", b"{", b"5"):
        answer = await ways.post(f"{API}/", content=content, headers=headers | {"content-type": "application/json"})
        assert answer.status_code == 400, (content, answer.text)


async def test_paying_by_the_order(unpaid):
    answer = await unpaid.client.post(
        "/api/v1/payments/", headers=unpaid.as_buyer,
        json={"order_id": str(unpaid.id), "payment_method": "sandbox", "payment_method_id": "pm_card_ok"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    data = (await unpaid.get(unpaid.as_buyer)).json()["data"]
    assert (data["status"], data["held_amount"]) == ("processing", "100.00")
    await hold_invariants()


async def test_orders_of_one_checkout_are_told_to_the_buyer_only(client):
    buyer, headers = await signed_in()
    sellers = [(await a_user()).id for _ in range(2)]
    placed = await place(buyer.id, [a_draft(seller, a_line(100), shipping=Money(5, "USD")) for seller in sellers])
    shown = await client.get(f"{API}/{placed.orders[0].id}/", headers=headers)
    checkout = shown.json()["data"]["checkout"]
    assert checkout["amount_due"] == "2.10" and [one["id"] for one in checkout["orders"]] == [
        str(one.id) for one in placed.orders
    ]
    sold = await client.get(f"{API}/{placed.orders[0].id}/", headers=await bearer(sellers[0]))
    assert sold.json()["data"]["checkout"] is None and str(placed.orders[1].id) not in sold.text


async def test_an_unknown_status_or_kind_is_pointed_out(client):
    _, headers = await signed_in()
    for field in ("status", "kind"):
        answer = await client.get(f"/api/v1/orders/?{field}=nonsense", headers=headers)
        assert answer.status_code == 400 and "Unknown: nonsense" in answer.json()["errors"][field][0]
