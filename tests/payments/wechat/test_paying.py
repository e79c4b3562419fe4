"""What only the whole way shows: where the payer is, told to WeChat Pay, and what a payee needs to take their money."""

import pytest

from marketplace.core import db
from marketplace.payments.service import payouts
from tests.factories import bearer, signed_in
from tests.factories.ledger import hold_invariants
from tests.factories.payments import PURPOSE, a_stall, standing
from tests.factories.payouts import a_method, a_payout, check_now, cleared_of, pay_in, work_off

API = "/api/v1"


@pytest.fixture(autouse=True)
def _wechat(tables, line, configure):
    """It is configured, and there; it tells only addresses that are safe from others' ears."""
    configure(public_url="https://shop.example")


async def test_a_phones_page_is_asked_for_with_its_address_which_is_forgotten_then(client, fake):
    stall = await a_stall(currency="CNY")
    body = {
        "purpose": PURPOSE, "subject": str(stall.id), "payment_method": "wechat", "payment_method_id": "h5",
    }  # fmt: skip
    headers = await bearer(stall.payer)
    answer = await client.post(f"{API}/payments/create/", json=body, headers=headers)
    assert answer.status_code == 201 and answer.json()["data"]["action_kind"] == "redirect", answer.text
    payment_id = await db.fetch_val("SELECT id FROM payments")
    assert fake.orders[payment_id.hex]["scene_info"]["payer_client_ip"] == "127.0.0.1"
    assert await db.fetch_val("SELECT payer_ip FROM payments") == "127.0.0.1"
    fake.pay(payment_id.hex)
    confirmed = await client.post(f"{API}/payments/{payment_id}/confirm/", json={}, headers=headers)
    assert confirmed.status_code == 200 and await standing(payment_id) == ("succeeded", False)
    assert await db.fetch_val("SELECT payer_ip FROM payments") == ""
    assert "payer_ip" not in confirmed.text


async def test_a_deposit_tells_the_address_too(client, fake):
    _, headers = await signed_in()
    body = {"amount": "30.00", "currency": "CNY", "payment_method": "wechat", "payment_method_id": "h5"}
    answer = await client.post(f"{API}/wallet/deposit/", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    [order] = fake.orders.values()
    assert order["scene_info"]["payer_client_ip"] == "127.0.0.1"


async def test_who_must_agree_to_a_payout_is_shown_how(client, fake):
    fake.bill_state = "WAIT_USER_CONFIRM"
    user, headers = await signed_in()
    await pay_in(cleared_of(user.id, "CNY"), 10_000, reason="clear")
    await a_method(user.id, "o-openid", provider="wechat")
    payout_id = await a_payout(user.id, 5_000, currency="CNY")
    await work_off()

    async def shown():
        return (await client.get(f"{API}/payouts/{payout_id}/", headers=headers)).json()["data"]

    waiting = await shown()
    package = f"affffddafdfafddffda=={payout_id.hex}"
    assert (waiting["status"], waiting["action_kind"], waiting["client_secret"]) == (
        "processing", "wechat_transfer", package,
    )  # fmt: skip
    assert "client_secret" not in (await client.get(f"{API}/payouts/", headers=headers)).text
    _, stranger = await signed_in()
    assert (await client.get(f"{API}/payouts/{payout_id}/", headers=stranger)).status_code == 404
    await check_now()
    assert (await shown())["client_secret"] == package, "asking again does not take it away"
    fake.bills[payout_id.hex]["state"] = "SUCCESS"
    await check_now()
    assert await payouts.check_due() == 0
    paid = await shown()
    assert (paid["status"], paid["action_kind"], paid["client_secret"]) == ("paid", "", "")
    await hold_invariants()
