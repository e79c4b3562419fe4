"""The sandbox's API: its guide for everybody, its controls for staff."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.payments.providers.base import Subject
from marketplace.payments.providers.sandbox import magic
from tests.factories import signed_in
from tests.payments.sandbox.paying import SANDBOX, a_paid_charge, a_transfer, later, state_of

pytestmark = pytest.mark.usefixtures("tables")

API = "/api/v1/sandbox"


@pytest.fixture
async def manager(client):
    _, headers = await signed_in(Role.MANAGER)
    client.headers.update(headers)
    return client


async def test_the_guide_shows_every_row_of_the_tables(client):
    guide = (await client.get(f"{API}/")).json()["data"]
    assert {row["value"] for row in guide["methods"]} == set(magic.METHODS)
    assert {row["value"] for row in guide["destinations"]} == set(magic.DESTINATIONS)
    for name, table in (("amounts", magic.AMOUNTS), ("refunds", magic.REFUNDS), ("payouts", magic.PAYOUTS)):
        assert {row["value"] for row in guide[name]} == {str(ending) for ending in table}
    assert next(row for row in guide["amounts"] if row["value"] == "7702")["failure_code"] == "card_declined"


async def test_where_there_is_no_sandbox_there_is_no_guide(client, configure):
    configure(sandbox_payments="off")
    assert (await client.get(f"{API}/")).status_code == 404


async def test_a_chargeback_is_raised_and_won(manager):
    charge, paid = await a_paid_charge(10_000)
    answer = await manager.post(
        f"{API}/charges/{paid.reference}/dispute/", json={"amount": "40.00", "reason": "duplicate"}
    )
    record = answer.json()["data"]
    assert (record["state"], record["amount"], record["reason"], record["capture"]) == (
        "open",
        "40.00",
        "duplicate",
        paid.reference,
    )
    won = await manager.post(f"{API}/records/{record['reference']}/state/", json={"state": "won"})
    assert won.json()["data"]["state"] == "won"
    assert [event["type"] for event in won.json()["data"]["events"]] == ["dispute.open", "dispute.won"]
    refused = await manager.post(f"{API}/records/{record['reference']}/state/", json={"state": "lost"})
    assert refused.status_code == 409 and refused.json()["code"] == "illegal_transition"
    books = (await manager.get(f"{API}/books/{charge.payment_id}/")).json()["data"]
    assert [one["subject"] for one in books] == ["charge", "dispute"]
    actions = await db.fetch("SELECT action, object_id FROM audit_log ORDER BY seq")
    assert [row["action"] for row in actions] == ["sandbox.disputed", "sandbox.moved"]


async def test_a_dispute_without_a_body_takes_all(manager):
    _, paid = await a_paid_charge(10_000)
    answer = await manager.post(f"{API}/charges/{paid.reference}/dispute/")
    assert answer.json()["data"]["amount"] == "100.00"


async def test_a_dispute_of_more_than_there_is_names_what_there_is(manager):
    _, paid = await a_paid_charge(10_000)
    answer = await manager.post(f"{API}/charges/{paid.reference}/dispute/", json={"amount": "100.01"})
    assert answer.status_code == 409 and answer.json()["details"] == {"left": "100.00", "currency": "USD"}
    answer = await manager.post(f"{API}/charges/{paid.reference}/dispute/", json={"amount": "0.001"})
    assert answer.status_code == 400 and "amount" in answer.json()["errors"]


@pytest.mark.parametrize(("destination", "state"), [("acct_slow", "failed"), ("acct_ok", "returned")])
async def test_a_payout_is_failed_or_returned(manager, destination, state):
    said = await SANDBOX.payout(transfer := a_transfer(destination))
    answer = await manager.post(
        f"{API}/records/{said.reference}/state/", json={"state": state, "failure_code": "account_closed"}
    )
    assert answer.status_code == 200, answer.text
    assert await later() == 0  # what was planned does not happen any more
    assert await state_of(Subject.PAYOUT, transfer.payout_id) == state


@pytest.mark.parametrize("state", ["lost", "open", "requires_action", "succeeded"])
async def test_what_cannot_be_is_refused(manager, state):
    said = await SANDBOX.payout(a_transfer())
    answer = await manager.post(f"{API}/records/{said.reference}/state/", json={"state": state})
    assert answer.status_code == 409
    assert answer.json()["details"] == {"current": "succeeded", "target": state, "allowed": ["returned"]}


async def test_an_event_is_delivered_again_and_one_that_does_not_exist_is_not(manager):
    await SANDBOX.payout(a_transfer())
    event_id = await db.fetch_val("SELECT id FROM sandbox_events")
    assert (await manager.post(f"{API}/events/{event_id}/deliver/")).status_code == 202
    assert (await manager.post(f"{API}/events/sbx_evt_0/deliver/")).status_code == 404
    assert (await manager.post(f"{API}/records/nonsense/state/", json={"state": "won"})).status_code == 404
    assert (await manager.get(f"{API}/books/{uuid7()}/")).status_code == 404
