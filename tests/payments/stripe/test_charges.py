"""Charges, against localstripe over HTTP.

What it has not, a scripted server says in `test_answers.py`: another card after a refused one, redirects, disputes,
transfers.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from msgspec import structs

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments import providers
from marketplace.payments.providers.base import KeepsRecords, Provider, ProviderRefused, ProviderUnknown, State, Subject
from marketplace.payments.providers.stripe.provider import Stripe
from tests.payments.stripe.conftest import (
    KEY,
    NEEDS_3DS,
    NEEDS_3DS_THEN_REFUSED,
    REFUSED_CARD,
    SECRET,
    authenticate,
    charge,
)


def test_it_is_offered_where_it_has_a_key(configure):
    configure(stripe_secret_key="")
    assert "stripe" not in providers.available()
    configure(stripe_secret_key=KEY, stripe_webhook_secrets="whsec_a, whsec_b")
    offered = providers.provider("stripe")
    assert isinstance(offered, Provider) and isinstance(offered, KeepsRecords) and offered.name == "stripe"


async def test_a_card_is_charged_at_once(stripe, front):
    asked = charge(method="pm_card_visa", metadata={"order": "ORD-1"})
    paid = await stripe.create(asked)
    assert (paid.subject, paid.state, paid.amount) == (Subject.CHARGE, State.SUCCEEDED, Money(2500, "USD"))
    assert paid.our_id == asked.payment_id
    assert paid.reference.startswith("pi_") and paid.capture.startswith("ch_")
    assert (paid.client_secret, paid.action_url, paid.failure_code) == ("", "", "")
    method, path, body, headers = front.asked[-1]
    assert (method, path) == ("POST", "/v1/payment_intents")
    form = {name: values[0] for name, values in parse_qs(body).items()}
    assert (form["amount"], form["currency"], form["confirm"]) == ("2500", "usd", "true")
    assert (form["metadata[payment_id]"], form["metadata[order]"]) == (str(asked.payment_id), "ORD-1")
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert set(front.keys("/v1/payment_intents")) == {str(asked.payment_id)}


async def test_what_a_customer_keeps_is_charged_again_and_again(stripe, front):
    sdk = stripe._stripe.v1
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    customer = await sdk.customers.create_async({"email": "ann@example.com"})
    kept = await sdk.payment_methods.create_async({"type": "card", "card": card})
    await sdk.payment_methods.attach_async(kept.id, {"customer": customer.id})
    for _ in range(2):
        paid = await stripe.create(charge(method=f"{customer.id}/{kept.id}"))
        assert paid.state == State.SUCCEEDED
        form = {name: values[0] for name, values in parse_qs(front.asked[-1][2]).items()}
        assert (form["customer"], form["payment_method"]) == (customer.id, kept.id)
    opened = await stripe.create(asked := charge())
    paid = await stripe.confirm(structs.replace(asked, method=f"{customer.id}/{kept.id}"), opened.reference)
    assert paid.state == State.SUCCEEDED


async def test_an_intent_is_opened_and_confirmed_later(stripe):
    asked = charge()
    opened = await stripe.create(asked)
    assert (opened.state, opened.failure_code) == (State.REQUIRES_METHOD, "")
    assert opened.client_secret.startswith(opened.reference + "_secret_")
    paid = await stripe.confirm(structs.replace(asked, method="pm_card_visa"), opened.reference)
    assert (paid.state, paid.our_id, paid.reference) == (State.SUCCEEDED, asked.payment_id, opened.reference)
    again = await stripe.confirm(structs.replace(asked, method="pm_card_visa"), opened.reference)
    assert (again.state, again.capture) == (State.SUCCEEDED, paid.capture)


async def test_confirming_without_a_card_is_refused(stripe):
    asked = charge()
    opened = await stripe.create(asked)
    with pytest.raises(ProviderRefused):
        await stripe.confirm(asked, opened.reference)


async def test_a_refused_card_is_an_answer_that_asks_for_another(stripe):
    asked = charge(method=REFUSED_CARD)
    refused = await stripe.create(asked)
    assert (refused.state, refused.failure_code) == (State.REQUIRES_METHOD, "card_declined")
    assert refused.failure_message == "Your card was declined."
    assert (refused.our_id, refused.amount) == (asked.payment_id, asked.amount)
    again = await stripe.create(asked)
    assert (again.reference, again.state) == (refused.reference, State.REQUIRES_METHOD)


async def test_a_card_refused_on_confirming(stripe):
    asked = charge()
    opened = await stripe.create(asked)
    refused = await stripe.confirm(structs.replace(asked, method=REFUSED_CARD), opened.reference)
    assert (refused.reference, refused.state) == (opened.reference, State.REQUIRES_METHOD)
    assert refused.failure_code == "card_declined"


async def test_three_d_secure_asks_for_the_payer(stripe, front, card):
    asked = charge(method=await card(NEEDS_3DS))
    waiting = await stripe.create(asked)
    assert (waiting.state, waiting.action_kind) == (State.REQUIRES_ACTION, "use_stripe_sdk")
    await authenticate(front, waiting.reference, waiting.client_secret, success=True)
    found = await stripe.fetch(Subject.CHARGE, asked.payment_id, waiting.reference)
    assert (found.state, found.client_secret, found.action_kind) == (State.SUCCEEDED, "", "")


async def test_three_d_secure_may_fail(stripe, front, card):
    asked = charge(method=await card(NEEDS_3DS))
    waiting = await stripe.create(asked)
    await authenticate(front, waiting.reference, waiting.client_secret, success=False)
    found = await stripe.fetch(Subject.CHARGE, asked.payment_id)
    assert (found.state, found.failure_code) == (State.REQUIRES_METHOD, "authentication_failed")


async def test_the_bank_may_refuse_after_three_d_secure(stripe, front, card):
    asked = charge(method=await card(NEEDS_3DS_THEN_REFUSED))
    waiting = await stripe.create(asked)
    await authenticate(front, waiting.reference, waiting.client_secret, success=True)
    found = await stripe.fetch(Subject.CHARGE, asked.payment_id)
    assert (found.state, found.failure_code) == (State.REQUIRES_METHOD, "card_declined")


async def test_an_open_intent_is_cancelled_once_and_for_all(stripe):
    asked = charge()
    opened = await stripe.create(asked)
    for _ in range(2):
        cancelled = await stripe.cancel(asked.payment_id, opened.reference)
        assert (cancelled.state, cancelled.reference) == (State.CANCELLED, opened.reference)
    late = await stripe.confirm(structs.replace(asked, method="pm_card_visa"), opened.reference)
    assert late.state is State.CANCELLED


async def test_cancelling_what_is_paid_says_so(stripe):
    asked = charge(method="pm_card_visa")
    paid = await stripe.create(asked)
    assert (await stripe.cancel(asked.payment_id, paid.reference)).state is State.SUCCEEDED


async def test_what_was_opened_without_an_answer_can_be_cancelled_and_confirmed(stripe, front):
    lost, other = charge(), charge(method="pm_card_visa")
    front.lose = 1
    with pytest.raises(ProviderUnknown):
        await stripe.create(lost)
    assert (await stripe.cancel(lost.payment_id, "")).state is State.CANCELLED
    assert (await stripe.confirm(other, "")).state is State.SUCCEEDED
    with pytest.raises(ProviderRefused):
        await stripe.cancel(uuid7(), "")


async def test_the_same_charge_twice_takes_the_money_once(stripe, front):
    asked = charge(method="pm_card_visa")
    first, second = await stripe.create(asked), await stripe.create(asked)
    assert first == second
    assert await count(front, "payment_intents") == 1


async def test_asked_again_in_other_words_it_is_still_the_same_charge(stripe, front):
    asked = charge(method="pm_card_visa")
    first = await stripe.create(asked)
    second = await stripe.create(structs.replace(asked, metadata={"order": "named now"}))
    assert (second.reference, second.state) == (first.reference, State.SUCCEEDED)
    assert await count(front, "payment_intents") == 1


async def test_a_lost_answer_is_found_again_by_our_id(stripe, front):
    await stripe.create(charge(method="pm_card_visa"))
    asked = charge(4200, "JPY", method="pm_card_visa")
    front.lose = 1
    with pytest.raises(ProviderUnknown):
        await stripe.create(asked)
    found = await stripe.fetch(Subject.CHARGE, asked.payment_id)
    assert (found.state, found.our_id, found.amount) == (State.SUCCEEDED, asked.payment_id, Money(4200, "JPY"))
    assert await stripe.create(asked) == found
    assert await count(front, "payment_intents") == 2


async def test_it_is_found_on_a_later_page(stripe, front):
    form = {"amount": 100, "currency": "usd"}
    for _ in range(100):
        await front.upstream.post("/v1/payment_intents", data=form, headers={"Authorization": f"Bearer {KEY}"})
    asked = charge()
    opened = await stripe.create(asked)
    assert (await stripe.fetch(Subject.CHARGE, asked.payment_id)).reference == opened.reference


async def test_what_it_never_heard_of_is_none(stripe):
    assert await stripe.fetch(Subject.CHARGE, uuid7()) is None
    assert await stripe.fetch(Subject.CHARGE, uuid7(), "pi_unknown") is None
    assert await stripe.fetch(Subject.REFUND, uuid7()) is None
    assert await stripe.fetch(Subject.PAYOUT, uuid7()) is None


async def test_an_unknown_token_is_refused_with_the_reason(stripe):
    with pytest.raises(ProviderRefused) as refusal:
        await stripe.create(charge(method="pm_unknown"))
    assert refusal.value.details["reason"] == "Not Found"


async def test_localstripe_itself_will_do(localstripe, front):
    """Without the front: for a developer who points the setting at it. It lacks idempotency keys, no more."""
    stripe = Stripe(KEY, localstripe + "/", (SECRET,))
    asked = charge(return_url="https://shop.example/back", payer_email="ada@example.com")
    opened = await stripe.create(asked)
    paid = await stripe.confirm(structs.replace(asked, method="pm_card_visa"), opened.reference)
    assert paid.state is State.SUCCEEDED


async def test_the_books_name_what_was_made_in_a_time(stripe):
    since = datetime.now(UTC) - timedelta(seconds=2)
    paid = await stripe.create(charge(method="pm_card_visa"))
    opened = await stripe.create(charge())
    until = datetime.now(UTC) + timedelta(seconds=2)
    found = [outcome async for outcome in stripe.records(since, until)]
    assert {(one.reference, one.state) for one in found} == {
        (paid.reference, State.SUCCEEDED), (opened.reference, State.REQUIRES_METHOD),
    }  # fmt: skip
    assert [outcome async for outcome in stripe.records(since - timedelta(hours=2), since - timedelta(hours=1))] == []


async def count(front, what):
    answer = await front.upstream.get(f"/v1/{what}", headers={"Authorization": f"Bearer {KEY}"})
    return answer.json()["total_count"]
