"""The payments' API, in this process: what is said, what is refused, and how both are named."""

import pytest

from marketplace.core import db, ratelimit
from marketplace.core.ids import uuid7
from marketplace.payments import payables
from marketplace.payments.payables import NothingDue, Payee
from tests.factories import bearer, signed_in
from tests.factories.ledger import balance_of, hold_invariants
from tests.factories.payments import PURPOSE, a_payment, a_stall, fill_wallet, get_stall, kept_by

API = "/api/v1/payments"


@pytest.fixture
async def stall(tables):
    return await a_stall()


@pytest.fixture
async def headers(stall):
    return await bearer(stall.payer)


@pytest.fixture
def order_id(monkeypatch):
    """Stalls go by `order_id`, as orders would have it."""

    async def of_stall(viewer_id, order_id):
        found = await db.fetch_val("SELECT id FROM fair.stalls WHERE id = $1 AND payer = $2", order_id, viewer_id)
        if found is None:
            raise NothingDue
        return Payee(PURPOSE, found)

    monkeypatch.setitem(payables._aliases, "order_id", of_stall)


def body(stall, **more):
    return {"purpose": PURPOSE, "subject": str(stall.id), "payment_method": "sandbox", **more}


async def test_an_intent_for_an_order_and_its_confirmation(client, stall, headers, order_id):
    asked = {"order_id": str(stall.id)}
    answer = await client.post(f"{API}/create-intent/", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    intent = answer.json()["data"]
    assert intent["client_secret"] and intent["payment_intent_id"].startswith("sbx_ch_")
    assert (intent["status"], intent["amount"], intent["currency"]) == ("requires_payment_method", "25.00", "USD")

    named = asked | {"payment_intent_id": intent["payment_intent_id"]}
    refused = await client.post(f"{API}/confirm/", json=named, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["code"] == "payment_not_completed" and refused.json()["message"] == "Payment not completed."
    assert refused.json()["details"]["status"] == "requires_payment_method"

    done = await client.post(f"{API}/confirm/", json=named | {"payment_method_id": "pm_card_ok"}, headers=headers)
    assert done.status_code == 200, done.text
    assert done.json()["message"] == "Payment confirmed successfully"
    assert done.json()["data"]["order_id"] == str(stall.id) and done.json()["data"]["status"] == "succeeded"
    assert done.json()["data"]["client_secret"] == ""
    again = await client.post(f"{API}/confirm/", json=asked | {"payment_intent_id": intent["id"]}, headers=headers)
    assert again.status_code == 200 and await kept_by(stall) == 2_500
    await hold_invariants()


async def test_paying_at_once_and_reading_it_back(client, stall, headers):
    answer = await client.post(f"{API}/create/", json=body(stall, payment_method_id="pm_1234567890"), headers=headers)
    assert answer.status_code == 201 and answer.json()["data"]["status"] == "succeeded"
    payment_id = answer.json()["data"]["id"]
    shown = (await client.get(f"{API}/{payment_id}/", headers=headers)).json()["data"]
    assert (shown["payment_method"], shown["refunds"]) == ("sandbox", [])
    listed = (await client.get(f"{API}/?status=succeeded&purpose={PURPOSE}", headers=headers)).json()["data"]
    assert [one["id"] for one in listed["results"]] == [payment_id]
    assert (await client.get(f"{API}/?status=failed", headers=headers)).json()["data"]["count"] == 0
    _, stranger = await signed_in()
    assert (await client.get(f"{API}/{payment_id}/", headers=stranger)).json()["code"] == "payment_not_found"
    assert (await client.get(f"{API}/", headers=stranger)).json()["data"]["count"] == 0


async def test_one_key_is_one_payment(client, stall, headers):
    with_key = headers | {"idempotency-key": "k"}
    first = await client.post(f"{API}/", json=body(stall), headers=with_key)
    again = await client.post(f"{API}/", json=body(stall), headers=with_key)
    assert again.headers["idempotent-replayed"] == "true" and again.json() == first.json()
    assert await db.fetch_val("SELECT count(*) FROM payments") == 1


async def test_a_lost_answer_is_a_503_and_the_same_key_goes_on_with_the_payment(client, stall, headers):
    with_key, asked = headers | {"idempotency-key": "k"}, body(stall, payment_method_id="pm_card_lost_reply")
    lost = await client.post(f"{API}/", json=asked, headers=with_key)
    assert lost.status_code == 503 and lost.json()["code"] == "provider_unavailable"
    answer = await client.post(f"{API}/", json=asked, headers=with_key)
    assert answer.status_code == 201 and answer.json()["data"]["status"] == "succeeded"
    assert answer.json()["data"]["id"] == lost.json()["details"]["payment_id"]
    assert await kept_by(stall) == 2_500
    await hold_invariants()


async def test_paying_from_the_wallet(client, stall, headers):
    refused = await client.post(f"{API}/", json=body(stall, payment_method="wallet"), headers=headers)
    assert refused.status_code == 409 and refused.json()["code"] == "insufficient_funds"
    wallet = await fill_wallet(stall.payer, 2_600)
    with_key = headers | {"idempotency-key": "k"}
    for _ in range(2):
        answer = await client.post(f"{API}/", json=body(stall, payment_method="wallet"), headers=with_key)
        assert answer.status_code == 201 and answer.json()["data"]["payment_method"] == "wallet"
    assert await balance_of(wallet) == 100
    await hold_invariants()


async def test_cancelling_and_what_cannot_be_cancelled(client, stall, headers):
    payment_id = await a_payment(stall, "pm_card_3ds")
    shown = (await client.get(f"{API}/{payment_id}/", headers=headers)).json()["data"]
    assert shown["action_url"].startswith("http") and shown["action_kind"] == "redirect"
    answer = await client.post(f"{API}/{payment_id}/cancel/", headers=headers)
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "cancelled"
    assert answer.json()["data"]["action_url"] == ""
    paid = await a_payment(stall)
    refused = await client.post(f"{API}/{paid}/cancel/", headers=headers)
    assert refused.status_code == 409 and refused.json()["code"] == "illegal_transition"
    assert refused.json()["details"]["current"] == "succeeded"


async def test_confirming_by_path_with_another_card(client, stall, headers):
    payment_id = await a_payment(stall, "pm_card_declined")
    refused = await client.post(f"{API}/{payment_id}/confirm/", headers=headers)
    assert refused.status_code == 400 and refused.json()["details"]["failure_code"] == "card_declined"
    card = {"payment_method_id": "pm_card_ok"}
    answer = await client.post(f"{API}/{payment_id}/confirm/", json=card, headers=headers)
    assert answer.status_code == 200 and not (await get_stall(stall.id)).open


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "order_id"),
        ({"purpose": PURPOSE}, "subject"),
        ({"subject": str(uuid7())}, "purpose"),
        ({"purpose": "alms", "subject": str(uuid7())}, "purpose"),
        ({"purpose": PURPOSE, "subject": str(uuid7()), "order_id": str(uuid7())}, "subject"),
        ({"order_id": 5}, "order_id"),
        ({"order_id": str(uuid7()), "amount": "1.00"}, "amount"),
        ({"order_id": str(uuid7()), "return_url": "javascript:alert(1)"}, "return_url"),
        ({"order_id": str(uuid7()), "return_url": "//evil.example"}, "return_url"),
        ({"order_id": str(uuid7()), "return_url": "/orders\n"}, "return_url"),
        ({"order_id": str(uuid7()), "return_url": "/orders\r\nset-cookie: a=b"}, "return_url"),
    ],
)
async def test_a_wrong_body_is_told_by_its_field(client, stall, headers, asked, field):
    for path in ("/", "/create/", "/create-intent/"):
        answer = await client.post(API + path, json=asked, headers=headers)
        assert answer.status_code == 400 and field in answer.json()["errors"], answer.text


async def test_refusals_have_codes(client, stall, headers, order_id):
    async def code(**asked):
        answer = await client.post(f"{API}/", json=asked, headers=headers)
        return answer.status_code, answer.json()["code"]

    assert await code(**body(stall, payment_method="cheque")) == (400, "validation_error")
    assert await code(order_id=str(uuid7())) == (404, "nothing_due")
    assert await code(auction_id=str(uuid7())) == (404, "nothing_due")
    assert await code(**body(await a_stall())) == (404, "nothing_due")
    assert await code(**body(stall, payment_method_id="pm_nobody")) == (422, "provider_refused")
    assert (await client.post(f"{API}/confirm/", json={}, headers=headers)).json()["errors"].keys() == {
        "payment_intent_id"
    }
    unknown = {"payment_intent_id": "pi_1"}
    assert (await client.post(f"{API}/confirm/", json=unknown, headers=headers)).json()["code"] == "payment_not_found"


async def test_who_tries_many_cards_is_stopped(client, stall, headers):
    with ratelimit.using("payments=2/m"):
        for status in (400, 400, 429):
            answer = await client.post(f"{API}/create/", json={}, headers=headers)
            assert answer.status_code == status
