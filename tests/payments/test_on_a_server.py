"""A whole service with its worker: webhooks come over HTTP, jobs over Redis, and what was lost is looked for by the clock."""

import httpx

from marketplace.core import db
from tests.eventually import eventually
from tests.factories import signed_in
from tests.factories.ledger import balance_of, hold_invariants, wallet_of

API = "/api/v1"


async def deposit(server, method, key="k", **over):
    user, headers = await signed_in()
    body = {"amount": "25.00", "currency": "USD", "payment_method": "sandbox", "payment_method_id": method}
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post(f"{API}/wallet/deposit/", json=body | over, headers=headers | {"idempotency-key": key})
    return user, headers, answer


async def test_a_slow_payment_is_completed_by_the_providers_webhook(server):
    user, headers, answer = await deposit(server, "pm_card_slow")
    assert answer.status_code == 201 and answer.json()["data"]["status"] == "processing"
    path = f"{server.url}{API}/payments/{answer.json()['data']['id']}/"

    async def has_succeeded():
        async with httpx.AsyncClient() as http:
            return (await http.get(path, headers=headers)).json()["data"]["status"] == "succeeded"

    async def all_is_worked_off():
        told = await db.fetch("SELECT type, status FROM webhook_events ORDER BY type")
        events = [("charge.processing", "processed"), ("charge.succeeded", "processed")]
        return [tuple(row) for row in told] == events and not await db.fetch_val("SELECT count(*) FROM outbox")

    await eventually(has_succeeded)
    assert await balance_of(wallet_of(user.id)) == 2_500
    await eventually(all_is_worked_off)
    await hold_invariants()


async def test_a_payment_whose_answer_was_lost_is_completed_by_the_providers_webhook(server):
    user, _, answer = await deposit(server, "pm_card_lost_reply")
    assert answer.status_code == 503 and answer.json()["code"] == "provider_unavailable"

    async def is_there():
        return await balance_of(wallet_of(user.id)) == 2_500

    await eventually(is_there)
    assert await db.fetch_val("SELECT count(*) FROM payments") == 1
