"""The whole way of a payment with Stripe: our intent, localstripe's answer, the ledger; and what is found again."""

import pytest

from marketplace.core import db
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import PaymentNotCompleted
from marketplace.payments.providers.base import ProviderUnknown
from marketplace.payments.service import paying
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
from tests.payments.stripe.conftest import KEY, NEEDS_3DS, REFUSED_CARD, authenticate, listed

pytestmark = pytest.mark.usefixtures("tables", "configured")

OURS = clearing(provider="stripe")
GOING_BACK = clearing(AccountKind.REFUND_CLEARING, provider="stripe")


@pytest.fixture
def configured(configure, front):
    configure(stripe_secret_key=KEY, stripe_api_base=front.address)


async def pay(stall, method="pm_card_visa"):
    return await paying.start(stall.payer, PURPOSE, stall.id, "stripe", method=method)


async def test_a_card_pays_at_once(front):
    stall = await a_stall()
    payment_id = await pay(stall)
    assert await standing(payment_id) == ("succeeded", False)
    assert (await kept_by(stall), await balance_of(OURS)) == (2_500, -2_500)
    (intent,) = await listed(front, "payment_intents")
    assert intent["metadata"] == {"payment_id": str(payment_id), "purpose": PURPOSE, "subject": str(stall.id)}
    row = await db.fetch_row("SELECT reference, capture, client_secret FROM payments WHERE id = $1", payment_id)
    assert tuple(row) == (intent["id"], intent["latest_charge"]["id"], "")
    await hold_invariants()


async def test_a_card_pays_later():
    stall = await a_stall(currency="JPY")
    payment_id = await pay(stall, "")
    assert await standing(payment_id) == ("requires_payment_method", False)
    await paying.confirm(payment_id, stall.payer, "pm_card_visa")
    await paying.confirm(payment_id, stall.payer, "pm_card_visa")
    assert await standing(payment_id) == ("succeeded", False)
    assert (await kept_by(stall), await balance_of(clearing(provider="stripe", currency="JPY"))) == (2_500, -2_500)


async def test_a_refused_card_leaves_it_open():
    stall = await a_stall()
    payment_id = await pay(stall, "")
    with pytest.raises(PaymentNotCompleted) as refusal:
        await paying.confirm(payment_id, stall.payer, REFUSED_CARD)
    assert refusal.value.details["failure_code"] == "card_declined"
    assert await standing(payment_id) == ("requires_payment_method", False)
    await paying.cancel(payment_id, stall.payer)
    assert await history_of(payment_id) == ["created", "requires_payment_method", "cancelled"]


async def test_what_the_payer_did_at_the_bank_is_found_without_a_webhook(front, card):
    stall = await a_stall()
    payment_id = await pay(stall, await card(NEEDS_3DS))
    assert await standing(payment_id) == ("requires_action", False)
    row = await db.fetch_row("SELECT reference, client_secret FROM payments WHERE id = $1", payment_id)
    await authenticate(front, row["reference"], row["client_secret"], success=True)
    await look_again()
    assert await standing(payment_id) == ("succeeded", False)
    assert (await kept_by(stall), await balance_of(OURS)) == (2_500, -2_500)


async def test_a_lost_answer_is_found_and_the_money_taken_once(front):
    stall = await a_stall()
    front.lose = 1
    with pytest.raises(ProviderUnknown):
        await pay(stall)
    (payment_id,) = [row["id"] for row in await db.fetch("SELECT id FROM payments")]
    assert await standing(payment_id) == ("created", False)
    await look_again()
    await look_again()
    assert await history_of(payment_id) == ["created", "succeeded"]
    assert len(await listed(front, "charges")) == 1
    assert (await kept_by(stall), await balance_of(OURS)) == (2_500, -2_500)
    await hold_invariants()


async def test_what_comes_in_too_late_goes_back_by_itself(front, card):
    stall = await a_stall()
    payment_id = await pay(stall, await card(NEEDS_3DS))
    await close_stall(stall)
    row = await db.fetch_row("SELECT reference, client_secret FROM payments WHERE id = $1", payment_id)
    await authenticate(front, row["reference"], row["client_secret"], success=True)
    await look_again()
    assert await standing(payment_id) == ("succeeded", True)
    (refund,) = await listed(front, "refunds")
    assert refund["amount"] == 2_500
    assert (await kept_by(stall), await balance_of(OURS), await balance_of(GOING_BACK)) == (0, 0, 0)
    await hold_invariants()


async def test_refunds_are_sent_once_though_an_answer_is_lost(front):
    stall = await a_stall()
    payment_id = await pay(stall)
    front.lose = 1
    refunds = [await a_refund(payment_id, 1_000), await a_refund(payment_id, 1_500)]
    await work_off()
    statuses = {row["status"] for row in await db.fetch("SELECT status FROM refunds")}
    assert statuses == {"pending", "succeeded"}
    await look_again()
    assert [await history_of(refund) for refund in refunds] == [["pending", "succeeded"]] * 2
    assert sorted(one["amount"] for one in await listed(front, "refunds")) == [1_000, 1_500]
    assert {one["metadata"]["refund_id"] for one in await listed(front, "refunds")} == {str(one) for one in refunds}
    assert (await kept_by(stall), await balance_of(OURS), await balance_of(GOING_BACK)) == (0, 0, 0)
    await hold_invariants()


async def test_while_the_key_is_refused_nothing_fails(configure):
    stall = await a_stall()
    payment_id = await pay(stall)
    configure(stripe_secret_key="no key")
    refund_id = await a_refund(payment_id, 1_000)
    await work_off()
    assert await history_of(refund_id) == ["pending"]
    configure(stripe_secret_key=KEY)
    await look_again()
    assert await history_of(refund_id) == ["pending", "succeeded"]
    assert await balance_of(OURS) == -1_500
