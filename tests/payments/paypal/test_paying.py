"""The whole way of a payment with PayPal: our intent, its answer, the ledger; and what is found again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core import clock, db
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import PaymentNotCompleted
from marketplace.payments.providers.base import ProviderUnknown, Subject
from marketplace.payments.service import completing, paying, webhooks
from tests.factories.ledger import balance_of, hold_invariants
from tests.factories.payments import (
    PURPOSE,
    a_refund,
    a_stall,
    clearing,
    close_stall,
    history_of,
    kept_by,
    look_again,
    standing,
    work_off,
)
from tests.payments.paypal.server import CERTS, CLIENT, SECRET, WEBHOOK, certificate, private_key, signed

pytestmark = pytest.mark.usefixtures("tables", "configured")

OURS = clearing(provider="paypal")
GOING_BACK = clearing(AccountKind.REFUND_CLEARING, provider="paypal")


@pytest.fixture
def configured(configure, server):
    configure(
        paypal_client_id=CLIENT, paypal_client_secret=SECRET, paypal_webhook_id=WEBHOOK, paypal_api_base=server.address
    )


@pytest.fixture
def pass_time(monkeypatch):
    def pass_(**time):
        then = datetime.now(UTC) + timedelta(**time)
        monkeypatch.setattr(clock, "now", lambda: then)

    return pass_


async def begin(stall):
    """The payment, and its order at PayPal."""
    payment_id = await paying.start(
        stall.payer, PURPOSE, stall.id, "paypal", return_url="https://shop.example/orders/1"
    )
    return payment_id, await db.fetch_val("SELECT reference FROM payments WHERE id = $1", payment_id)


async def test_the_payer_agrees_and_then_we_take_the_money(server):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    assert await standing(payment_id) == ("requires_action", False)
    page, kind = await db.fetch_row("SELECT action_url, action_kind FROM payments WHERE id = $1", payment_id)
    assert (page, kind) == (f"https://www.paypal.example/checkoutnow?token={order}", "redirect")
    with pytest.raises(PaymentNotCompleted):
        await paying.confirm(payment_id, stall.payer)
    server.approve(order)
    await paying.confirm(payment_id, stall.payer)
    await paying.confirm(payment_id, stall.payer)
    assert await standing(payment_id) == ("succeeded", False)
    assert len(server.captures) == 1
    assert (await kept_by(stall), await balance_of(OURS)) == (2_500, -2_500)
    await hold_invariants()


async def test_an_order_that_was_not_answered_is_opened_once(server, pass_time):
    stall = await a_stall()
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await begin(stall)
    pass_time(minutes=1)
    await look_again()
    (row,) = await db.fetch("SELECT status, reference FROM payments")
    assert (row["status"], [row["reference"]]) == ("requires_action", list(server.orders))


async def test_a_capture_whose_answer_was_lost_is_found(server):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    server.approve(order)
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await paying.confirm(payment_id, stall.payer)
    await look_again()
    assert await history_of(payment_id) == ["created", "requires_action", "succeeded"]
    assert (await kept_by(stall), len(server.captures)) == (2_500, 1)


async def test_refunds_are_sent_once_though_an_answer_is_lost(server):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    server.approve(order)
    await paying.confirm(payment_id, stall.payer)
    server.lose = 1
    refunds = [await a_refund(payment_id, 1_000), await a_refund(payment_id, 1_500)]
    await work_off()
    await look_again()
    assert [await history_of(refund) for refund in refunds] == [["pending", "succeeded"]] * 2
    assert sorted(one["amount"]["value"] for one in server.refunds.values()) == ["10.00", "15.00"]
    assert (await kept_by(stall), await balance_of(OURS), await balance_of(GOING_BACK)) == (0, 0, 0)
    await hold_invariants()


async def test_money_that_was_taken_too_late_goes_back(server):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    server.approve(order)
    server.capture(order)  # as if our own confirm had got there, and nobody had heard of it
    await close_stall(stall)
    await look_again()
    assert await standing(payment_id) == ("succeeded", True)
    assert [one["amount"]["value"] for one in server.refunds.values()] == ["25.00"]
    assert (await balance_of(OURS), await balance_of(GOING_BACK)) == (0, 0)


async def test_an_order_that_ended_by_itself_ends_the_payment(server, pass_time):
    payment_id, _ = await begin(await a_stall())
    server.orders.clear()
    pass_time(hours=25)
    await look_again()
    assert await standing(payment_id) == ("cancelled", False)


async def test_what_was_cancelled_is_not_captured_when_the_payer_agrees_after_all(server, paypal):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    await paying.cancel(payment_id, stall.payer)
    server.approve(order)
    agreed = await paypal.fetch(Subject.CHARGE, payment_id, order)
    await completing.apply(payment_id, agreed, source="webhook")
    await look_again()
    assert await standing(payment_id) == ("cancelled", False)
    assert server.captures == {}


@pytest.fixture
def tell(server):
    """Webhooks as PayPal would send them now."""
    key, now = private_key(), datetime.now(UTC)
    server.certificates["CERT-1"] = certificate(key, now - timedelta(days=1), now + timedelta(days=1))

    async def tell_(order: str, number: int = 1) -> None:
        said = {
            "id": f"WH-{number}", "event_type": "CHECKOUT.ORDER.APPROVED", "create_time": clock.now().isoformat(),
            "resource": server.orders[order],
        }  # fmt: skip
        body = json.dumps(said).encode()
        await webhooks.receive(
            "paypal", signed(body, key, f"{server.address}{CERTS}CERT-1", clock.now(), id_=f"T-{number}"), body
        )
        await work_off()

    return tell_


async def test_who_agrees_and_never_comes_back_has_paid(server, tell):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    server.approve(order)
    await tell(order)
    assert await standing(payment_id) == ("succeeded", False)
    await tell(order, 2)
    assert (len(server.captures), await kept_by(stall), await balance_of(OURS)) == (1, 2_500, -2_500)
    await hold_invariants()


async def test_a_capture_that_is_not_answered_is_tried_again(server, tell):
    payment_id, order = await begin(await a_stall())
    server.approve(order)
    server.lose = 1
    await tell(order)
    assert await standing(payment_id) == ("requires_action", False)
    await look_again()
    assert (await standing(payment_id), len(server.captures)) == (("succeeded", False), 1)


async def test_a_refused_capture_leaves_the_payment_to_its_payer(server, tell):
    payment_id, order = await begin(await a_stall())
    server.approve(order)
    server.capture_refusal = "INSTRUMENT_DECLINED"
    await tell(order)
    assert (await standing(payment_id))[0] in ("requires_action", "requires_payment_method")
    server.capture_refusal = ""
    await look_again()
    assert await standing(payment_id) == ("succeeded", False)
    await hold_invariants()


async def test_what_is_no_longer_due_is_not_taken_though_its_payer_agreed(server, tell):
    stall = await a_stall()
    payment_id, order = await begin(stall)
    server.approve(order)
    await close_stall(stall)
    await tell(order)
    assert (await standing(payment_id), server.captures) == (("cancelled", False), {})
    await hold_invariants()
