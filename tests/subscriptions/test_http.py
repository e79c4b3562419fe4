"""Subscriptions over HTTP: the documented calls, what they refuse, and what being premium gives."""

import pytest

from marketplace.core import db, ratelimit
from marketplace.subscriptions.service.ending import cancel_own
from tests.factories import signed_in
from tests.factories.ledger import hold_invariants
from tests.factories.payments import work_off
from tests.factories.subscriptions import a_subscriber, end_period, method_is

API = "/api/v1"
PREMIUM = {"plan_id": "premium_monthly", "payment_method_id": "pm_1234567890"}


@pytest.fixture
async def me(client):
    """(the account, its headers)."""
    return await signed_in()


async def begin(client, headers, **body):
    return await client.post(f"{API}/payments/subscribe/", json=PREMIUM | body, headers=headers)


async def test_the_documented_call(client, me):
    _, headers = me
    answer = await begin(client, headers)
    said = answer.json()["data"]
    assert answer.status_code == 201 and said["subscription"]["status"] == "active"
    assert said["subscription"]["current_period_end"].endswith("Z") and "client_secret" in said
    for path in ("/payments/status/", "/subscriptions/"):
        state = (await client.get(API + path, headers=headers)).json()["data"]
        assert state["status"] == "active" and state["subscription"]["id"] == said["subscription"]["id"]
    profile = (await client.get(f"{API}/users/me/", headers=headers)).json()["data"]
    assert profile["subscription_status"] == "active"
    await hold_invariants()


async def test_who_never_subscribed_is_told_so(client, me):
    _, headers = me
    for path in ("/payments/status", "/subscriptions"):
        state = (await client.get(API + path, headers=headers)).json()["data"]
        assert state == {"status": "none", "subscription": None, "open_charge": None}
    for path in ("cancel", "resume"):
        refused = await client.post(f"{API}/subscriptions/{path}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "no_subscription")


async def test_the_plans_are_public_and_in_ones_language(client):
    plans = (await client.get(f"{API}/subscriptions/plans")).json()["data"]
    assert [plan["id"] for plan in plans] == ["basic", "premium_monthly", "premium_yearly"]
    assert {"currency": "USD", "amount": "14.99"} in plans[1]["prices"] and plans[1]["features"]["premium_streams"]
    _, headers = await signed_in(language="zh")
    assert (await client.get(f"{API}/subscriptions/plans", headers=headers)).json()["data"][0]["name"] == "基础版"


async def test_what_waits_for_the_payer_tells_how_to_go_on(client, me):
    _, headers = me
    said = (await begin(client, headers, payment_method_id="pm_card_3ds")).json()["data"]
    assert said["subscription"]["status"] == "incomplete"
    assert said["payment"]["status"] == "requires_action" and said["payment"]["action_url"]
    assert said["client_secret"] == said["payment"]["client_secret"]
    assert (await client.get(f"{API}/subscriptions", headers=headers)).json()["data"]["open_charge"]["status"] == "open"


async def test_one_key_subscribes_once(client, me):
    user, headers = me
    keyed = headers | {"idempotency-key": "subscribe-1"}
    first, again = await begin(client, keyed), await begin(client, keyed)
    assert first.json() == again.json() and again.headers["idempotent-replayed"] == "true"
    assert await db.fetch_val("SELECT count(*) FROM payments WHERE payer = $1", user.id) == 1


async def test_what_is_refused_names_the_field_or_the_code(client, me):
    _, headers = me
    wrong = await begin(client, headers, plan_id="gold")
    assert (wrong.status_code, wrong.json()["code"], list(wrong.json()["errors"])) == (400, "unknown_plan", ["plan_id"])
    assert "premium_yearly" in wrong.json()["errors"]["plan_id"][0]
    wrong = await begin(client, headers, payment_method="barter")
    assert wrong.status_code == 400 and list(wrong.json()["errors"]) == ["payment_method"]
    wrong = await begin(client, headers, payment_method_id="")
    assert wrong.status_code == 400 and list(wrong.json()["errors"]) == ["payment_method_id"]
    wrong = await begin(client, headers, currency="JPY")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "plan_not_in_currency")
    assert wrong.json()["details"]["currencies"] == ["USD", "EUR", "CNY"]
    wrong = await begin(client, headers, payment_method="wallet")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "insufficient_funds")
    await begin(client, headers)
    wrong = await begin(client, headers)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "already_subscribed")


async def test_posting_another_plan_upgrades(client, me):
    _, headers = me
    await begin(client, headers, plan_id="basic")
    answer = await client.post(f"{API}/subscriptions/", json=PREMIUM, headers=headers)
    said = answer.json()["data"]
    assert answer.status_code == 201 and said["subscription"]["plan"] == "premium_monthly"
    assert (said["charge"]["kind"], said["charge"]["status"]) == ("upgrade", "paid")


async def test_change_cancel_and_resume(client, me):
    _, headers = me
    await begin(client, headers)

    async def post(path, **body):
        return (await client.post(f"{API}/subscriptions/{path}/", json=body, headers=headers)).json()

    assert (await post("change", plan_id="basic"))["data"]["subscription"]["next_plan"] == "basic"
    assert (await post("change", plan_id="premium_monthly"))["data"]["subscription"]["next_plan"] is None
    assert (await post("cancel"))["data"]["subscription"]["cancel_at_period_end"]
    assert not (await post("resume"))["data"]["subscription"]["cancel_at_period_end"]
    assert (await post("resume"))["code"] == "not_cancelling"
    ended = (await post("cancel", immediately=True))["data"]
    assert ended["status"] == ended["subscription"]["status"] == "cancelled"
    assert (await post("cancel"))["code"] == "no_subscription"


async def test_another_method_pays_what_is_past_due(client, me):
    user, headers = me
    await begin(client, headers)
    await method_is(user.id, "pm_card_declined")
    await end_period(user.id)
    state = (await client.get(f"{API}/subscriptions", headers=headers)).json()["data"]
    assert state["status"] == "past_due" and state["open_charge"]["failure_code"] == "card_declined"
    method = {"payment_method": "sandbox", "payment_method_id": "pm_card_ok"}
    answer = await client.put(f"{API}/subscriptions/payment-method", json=method, headers=headers)
    assert answer.json()["data"]["subscription"]["status"] == "active"


async def test_premium_raises_the_limit_and_its_end_takes_it_back(client, me):
    user, headers = me
    with ratelimit.using("premium=5000/h,api=100/m"):

        async def limit():
            return (await client.get(f"{API}/subscriptions", headers=headers)).headers["ratelimit-limit"]

        assert await limit() == "100"
        await begin(client, headers)
        assert await limit() == "5000"
        await cancel_own(user.id, immediately=True)
        assert await limit() == "100"


async def test_basic_is_not_premium(client, me):
    _, headers = me
    with ratelimit.using("premium=5000/h,api=100/m"):
        await begin(client, headers, plan_id="basic")
        answer = await client.get(f"{API}/subscriptions", headers=headers)
        assert answer.headers["ratelimit-limit"] == "100"


async def test_its_owner_is_told(client):
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    await cancel_own(user)
    await work_off()
    rows = await db.fetch('SELECT type FROM notifications WHERE "user" = $1 ORDER BY happened_at, id', user)
    assert [row["type"] for row in rows] == ["subscription_started", "subscription_unpaid", "subscription_ended"]
