"""What staff see of orders and money, and what they do about it."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.tables import AuditLog
from marketplace.ledger.states import AccountKind
from tests.factories import a_user, bearer, signed_in
from tests.factories.orders import an_order, hold_invariants, minor_in, read
from tests.factories.payments import work_off

API = "/api/v1/admin"


@pytest.fixture
async def manager(client):
    return (await signed_in(Role.MANAGER))[1]


async def audited():
    return [row["action"] for row in await AuditLog.select(AuditLog.action).order_by(AuditLog.seq)]


async def test_moderators_look_and_only_managers_act(client):
    order = await an_order(paid=True)
    _, moderator = await signed_in(Role.MODERATOR)
    for path in ("payments", "orders", "payouts", "reconciliation"):
        assert (await client.get(f"{API}/{path}/", headers=moderator)).status_code == 200
    answer = await client.post(f"{API}/orders/{order}/refund/", json={"reason": "asked for"}, headers=moderator)
    assert answer.status_code == 403


async def test_lists_show_everybodys_and_filter(client, manager):
    buyer, other = await a_user(), await a_user()
    mine, _ = await an_order(3_000, buyer=buyer.id, paid=True), await an_order(2_000, buyer=other.id)
    rows = (await client.get(f"{API}/orders/?phase=open", headers=manager)).json()["data"]["results"]
    assert [(row["id"], row["held"], row["buyer"]) for row in rows] == [(str(mine), "30.00", buyer.username)]
    rows = (await client.get(f"{API}/payments/?order_id={mine}", headers=manager)).json()["data"]["results"]
    assert [(row["payer"], row["amount"], row["status"]) for row in rows] == [(buyer.username, "30.00", "succeeded")]
    assert (await client.get(f"{API}/payments/?status=nonsense", headers=manager)).status_code == 400


async def test_a_refund_by_staff_reaches_the_buyer_and_is_audited(client, manager):
    order = await an_order(10_000, paid="wallet")
    buyer = (await read(order)).buyer
    url = f"{API}/orders/{order}/refund/"
    assert (await client.post(url, json={}, headers=manager)).status_code == 400
    answer = await client.post(url, json={"amount": "100.01", "reason": "too much"}, headers=manager)
    assert answer.status_code == 409 and answer.json()["details"]["refundable"] == "100.00"
    headers = manager | {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = await client.post(url, json={"amount": "40.00", "reason": "arrived late"}, headers=headers)
        assert answer.status_code == 202
    assert await minor_in(AccountKind.WALLET_AVAILABLE, buyer) == 4_000
    assert await audited() == ["order.refunded"]
    await hold_invariants()


async def test_nobody_acts_in_what_is_their_own(client):
    boss, headers = await signed_in(Role.ADMIN)
    order = await an_order(paid=True, buyer=boss.id)
    answer = await client.post(f"{API}/orders/{order}/refund/", json={"reason": "for myself"}, headers=headers)
    assert answer.status_code == 403 and answer.json()["code"] == "own_interest"
    assert (
        await client.post(f"{API}/orders/{uuid7()}/refund/", json={"reason": "of nothing"}, headers=headers)
    ).status_code == 404


async def test_a_frozen_order_is_settled_to_the_cent(client, manager):
    order = await an_order(9_999, paid="wallet")
    url = f"{API}/orders/{order}"
    assert (await client.post(f"{url}/freeze/", json={"reason": "they argue"}, headers=manager)).status_code == 204
    split = {"buyer_amount": "33.33", "seller_amount": "66.65", "reason": "both erred"}
    answer = await client.post(f"{url}/settle/", json=split, headers=manager)
    assert answer.status_code >= 400 and answer.json()["details"]["held"] == "99.99"
    answer = await client.post(f"{url}/settle/", json=split | {"seller_amount": "66.66"}, headers=manager)
    assert answer.status_code == 204, answer.text
    after = await read(order)
    assert await minor_in(AccountKind.ESCROW, order) == 0
    assert await minor_in(AccountKind.WALLET_AVAILABLE, after.buyer) == 3_333
    assert await audited() == ["order.frozen", "order.settled"]
    await hold_invariants()


async def test_freezing_is_undone(client, manager):
    order = await an_order(paid=True)
    await client.post(f"{API}/orders/{order}/freeze/", json={"reason": "a question"}, headers=manager)
    assert (await read(order)).frozen
    answer = await client.post(f"{API}/orders/{order}/unfreeze/", json={"reason": "answered"}, headers=manager)
    assert answer.status_code == 204 and not (await read(order)).frozen
    again = await client.post(f"{API}/orders/{order}/unfreeze/", json={"reason": "answered"}, headers=manager)
    assert again.status_code == 409


async def test_an_order_called_off_by_staff_gives_the_money_back(client, manager):
    order = await an_order(5_000, paid=True)
    answer = await client.post(f"{API}/orders/{order}/cancel/", json={"reason": "a forgery"}, headers=manager)
    assert answer.status_code == 204
    await work_off()
    assert (await read(order)).phase == "cancelled" and await minor_in(AccountKind.ESCROW, order) == 0
    await hold_invariants()


async def test_a_break_is_closed_over_the_api(client, manager):
    run, one = uuid7(), uuid7()
    await db.execute("INSERT INTO reconciliation_runs (id, started_at, checked, breaks) VALUES ($1, now(), 0, 1)", run)
    await db.execute(
        "INSERT INTO reconciliation_breaks (id, first_run, last_run, fingerprint, rule, found_at) "
        "VALUES ($1, $2, $2, 'f', 'a rule', now())",
        one, run,
    )  # fmt: skip
    rows = (await client.get(f"{API}/reconciliation/?open=true", headers=manager)).json()["data"]["results"]
    assert [row["id"] for row in rows] == [str(one)]
    url = f"{API}/reconciliation/{one}/close/"
    assert (await client.post(url, json={"reason": "a slip of the pen"}, headers=manager)).status_code == 204
    assert (await client.post(url, json={"reason": "a slip of the pen"}, headers=manager)).status_code == 409
    assert (await client.get(f"{API}/reconciliation/?open=true", headers=manager)).json()["data"]["results"] == []


async def test_payouts_are_listed(client, manager):
    from tests.factories.payouts import a_payout, an_earner

    user = await an_earner(10_000)
    payout = await a_payout(user, 4_000)
    rows = (await client.get(f"{API}/payouts/", headers=manager)).json()["data"]["results"]
    assert [(row["id"], row["amount"]) for row in rows] == [(str(payout), "40.00")]
    own = await bearer(user)
    assert (await client.get(f"{API}/payouts/", headers=own)).status_code == 403
