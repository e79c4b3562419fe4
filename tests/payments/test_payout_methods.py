"""Where money may be sent."""

import pytest

from marketplace.core import db
from marketplace.payments.providers.sandbox.provider import Sandbox
from tests.factories import signed_in
from tests.factories.payouts import a_method, a_payout, cleared_of, pay_in, status_of, work_off

METHODS = "/api/v1/payouts/methods/"
NEW = {"provider": "sandbox", "destination": "acct_ok", "label": "My bank", "recipient_name": "王小明"}


async def added(client, headers, **over):
    answer = await client.post(METHODS, headers=headers, json=NEW | over)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def listed(client, headers):
    return (await client.get(METHODS, headers=headers)).json()["data"]["results"]


async def test_the_first_is_the_default_until_another_one_is(client):
    _, headers = await signed_in()
    first = await added(client, headers)
    assert first["is_default"] is True and first["recipient_name"] == "王小明"
    second = await added(client, headers, label="Other")
    assert second["is_default"] is False
    third = await added(client, headers, is_default=True)
    assert {one["id"]: one["is_default"] for one in await listed(client, headers)} == {
        third["id"]: True, second["id"]: False, first["id"]: False,
    }  # fmt: skip
    assert (await client.delete(f"{METHODS}{third['id']}/", headers=headers)).status_code == 204
    assert {one["id"]: one["is_default"] for one in await listed(client, headers)} == {
        second["id"]: True, first["id"]: False,
    }  # fmt: skip
    assert (await client.delete(f"{METHODS}{third['id']}/", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("destination", "shown"),
    [
        ("acct_1NbQ8yHrVn3Dk7eT", "••••k7eT"),
        ("seller@example.com", "s•••@example.com"),
        ("abcdef", "••••ef"),
        ("ab", "••••"),
        ("2088102146225135", "••••5135"),
    ],
)
async def test_what_is_shown_never_names_the_whole_destination(client, destination, shown):
    _, headers = await signed_in()
    assert (await added(client, headers, destination=destination))["destination"] == shown
    assert (await listed(client, headers))[0]["destination"] == shown


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"provider": "bank_of_nowhere"}, "provider"),
        ({"destination": "4242 4242 4242 4242"}, "destination"),
        ({"destination": "5555-5555-5555-4444"}, "destination"),
        ({"destination": "DE89 3704 0044 0532 0130 00"}, "destination"),
        ({"destination": "   "}, "destination"),
        ({"destination": "acct\nok"}, "destination"),
        ({"label": "\u202eknab"}, "label"),
        ({"user": "me"}, "user"),
    ],
)
async def test_methods_that_are_refused(client, over, field):
    _, headers = await signed_in()
    answer = await client.post(METHODS, headers=headers, json=NEW | over)
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]
    assert await db.fetch_val("SELECT count(*) FROM payout_methods") == 0


async def test_without_a_provider_it_is_the_one_of_the_house(client):
    _, headers = await signed_in()
    answer = await client.post(METHODS, headers=headers, json={"destination": "acct_ok"})
    assert answer.status_code == 201 and answer.json()["data"]["provider"] == "sandbox"


async def test_what_a_provider_cannot_do_is_refused_before_money_moves(client, monkeypatch):
    user, headers = await signed_in()
    await pay_in(cleared_of(user.id, "EUR"), 1_000)
    await a_method(user.id)
    body = {"currency": "EUR"}
    monkeypatch.setattr(Sandbox, "currencies", frozenset({"USD"}))
    refused = await client.post("/api/v1/payouts/request/", headers=headers, json=body)
    assert refused.status_code == 400 and list(refused.json()["errors"]) == ["currency"]
    monkeypatch.undo()
    monkeypatch.setattr(Sandbox, "pays_out", False)
    refused = await client.post("/api/v1/payouts/request/", headers=headers, json=body)
    assert refused.status_code == 400 and list(refused.json()["errors"]) == ["payout_method_id"]
    refused = await client.post(METHODS, headers=headers, json=NEW)
    assert refused.status_code == 400 and list(refused.json()["errors"]) == ["provider"]


async def test_at_most_ten(client):
    user, headers = await signed_in()
    for _ in range(10):
        await a_method(user.id)
    answer = await client.post(METHODS, headers=headers, json=NEW)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many")


async def test_one_that_is_removed_still_takes_what_is_on_its_way(client):
    user, headers = await signed_in()
    await pay_in(cleared_of(user.id), 1_000)
    method = await a_method(user.id)
    payout = await a_payout(user.id)
    assert (await client.delete(f"{METHODS}{method}/", headers=headers)).status_code == 204
    await work_off()
    assert await status_of(payout) == "paid"
