"""The forms about orders and money: each does what the API does, and says so in words."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db, platform
from marketplace.core.ids import uuid7
from marketplace.ledger.states import AccountKind
from marketplace.orders import commission
from tests.admin.test_panel import sign_in, staff, submit
from tests.factories import a_user
from tests.factories.orders import an_order, minor_in, read
from tests.factories.payouts import a_payout, an_earner, status_of

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
async def manager(client):
    one = await staff(Role.MANAGER)
    await sign_in(client, one)
    return one


async def number_of(order_id):
    return await db.fetch_val("SELECT number FROM orders WHERE id = $1", order_id)


def said(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["custom_form_success"]


async def test_an_order_is_named_by_its_number_and_refunded(client, manager):
    order = await an_order(5_000, paid="wallet")
    number = (await number_of(order)).lower()
    assert "on its way" in said(
        await submit(client, "refund-an-order", order=number, amount="20.00", reason="scratched")
    )
    assert await minor_in(AccountKind.WALLET_AVAILABLE, (await read(order)).buyer) == 2_000
    assert "on its way" in said(
        await submit(client, "refund-an-order", order=str(order), amount="", reason="all of it")
    )
    assert (await read(order)).refunded_minor == 5_000
    answer = await submit(client, "refund-an-order", order="ORD-20000101-NOBODY", amount="", reason="there is none")
    assert answer.status_code == 422 and "ORD-20000101-NOBODY" in answer.json()["custom_form_error"]


async def test_a_frozen_order_is_settled(client, manager):
    order = await an_order(1_001, paid="wallet")
    assert "Frozen" in said(await submit(client, "freeze-an-order", order=str(order), reason="they argue"))
    split = {"order": str(order), "buyer_amount": "5.00", "seller_amount": "5.01", "reason": "half and half"}
    assert said(await submit(client, "settle-a-frozen-order", **split)) == "Settled."
    assert await minor_in(AccountKind.ESCROW, order) == 0


async def test_a_large_payout_waits_for_a_second_person(client, manager):
    user = await an_earner(90_000_000)
    payout = await a_payout(user, 90_000_000)
    assert await status_of(payout) == "awaiting_approval"
    assert "Approved" in said(await submit(client, "approve-a-payout", payout_id=str(payout)))
    assert await status_of(payout) == "processing"
    other = await a_payout(await an_earner(90_000_000), 90_000_000)
    said(await submit(client, "reject-a-payout", payout_id=str(other), reason="not who they say they are"))
    assert await status_of(other) == "rejected"


async def test_commission_is_for_admins_and_checked(client, manager):
    rules = '[{"kind": "auction", "bps": 800}, {"bps": 1000}]'
    answer = await submit(client, "change-commission", rules=rules, reason="spring")
    assert answer.status_code == 422 and "admin" in answer.json()["custom_form_error"]
    await client.post("/admin/public/logout/")
    await sign_in(client, await staff(Role.ADMIN))
    answer = await submit(client, "change-commission", rules="[{", reason="spring")
    assert answer.status_code == 422 and "JSON" in answer.json()["custom_form_error"]
    said(await submit(client, "change-commission", rules=rules, reason="spring"))
    await platform.forget()
    assert [rule.bps for rule in await commission.RULES.value()] == [800, 1000]
    await platform.change({commission.RULES.key: commission.RULES.default}, None)
    await platform.forget()


async def test_an_event_of_a_provider_is_worked_on_again(client, manager):
    event = uuid7()
    await db.execute(
        "INSERT INTO webhook_events (id, provider, event_id, type, outcome, event_at, status, attempts) "
        "VALUES ($1, 'sandbox', 'evt_1', 'charge.succeeded', '{}', now(), 'failed', 12)",
        event,
    )
    assert "again" in said(await submit(client, "replay-a-webhook", event_id=str(event)))
    assert await db.fetch_val("SELECT status FROM webhook_events WHERE id = $1", event) == "received"


async def test_a_moderator_may_not_move_money(client):
    await sign_in(client, await staff(Role.MODERATOR))
    order = await an_order(paid=True)
    answer = await submit(client, "refund-an-order", order=str(order), amount="", reason="may I")
    assert answer.status_code == 422 and "manager" in answer.json()["custom_form_error"]
    assert (await a_user()).role == Role.USER
