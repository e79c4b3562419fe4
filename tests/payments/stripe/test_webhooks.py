"""Webhooks: those that localstripe signs and delivers, and every rule of the signature by hand."""

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import BadSignature, State, Subject
from marketplace.payments.providers.stripe.provider import Stripe
from tests.payments.stripe.conftest import KEY, OLD_SECRET, REFUSED_CARD, SECRET, charge

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)


def signed(body, at=NOW, secret=SECRET):
    stamp = int(at.timestamp())
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={signature}"}


def event(type_, thing, **change):
    words = {
        "id": "evt_1",
        "object": "event",
        "type": type_,
        "created": int(NOW.timestamp()),
        "data": {"object": thing},
    }
    return msgspec.json.encode(words | change)


PAID = uuid7()
INTENT = {
    "id": "pi_1", "object": "payment_intent", "amount": 2500, "currency": "usd", "status": "succeeded", "created": 1,
    "latest_charge": "ch_1", "client_secret": "pi_1_secret_1", "metadata": {"payment_id": str(PAID)},
}  # fmt: skip
BODY = event("payment_intent.succeeded", INTENT)


@pytest.fixture
def stripe():
    return Stripe(KEY, "http://127.0.0.1:9", (SECRET, OLD_SECRET))


# The signature


@pytest.mark.parametrize("age", [0, 1, 299, 300, -299])
async def test_a_signature_of_the_last_five_minutes_is_good(stripe, age):
    (notice,) = await stripe.verify_webhook(signed(BODY, NOW - timedelta(seconds=age)), BODY, NOW)
    assert (notice.event_id, notice.type, notice.created_at) == ("evt_1", "payment_intent.succeeded", NOW)


@pytest.mark.parametrize("age", [301, 86_400, -301])
async def test_an_older_one_or_one_of_the_future_is_refused(stripe, age):
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(signed(BODY, NOW - timedelta(seconds=age)), BODY, NOW)


async def test_both_secrets_are_good_while_one_replaces_the_other(stripe):
    for secret in (SECRET, OLD_SECRET):
        assert await stripe.verify_webhook(signed(BODY, secret=secret), BODY, NOW)


async def test_a_retired_secret_is_refused():
    stripe = Stripe(KEY, "", (SECRET,))
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(signed(BODY, secret=OLD_SECRET), BODY, NOW)


async def test_stripe_may_sign_with_both_secrets_too(stripe):
    stranger, ours = (signed(BODY, secret=secret)["stripe-signature"] for secret in ("whsec_other", SECRET))
    header = f"{stranger},{ours.split(',')[1]}"
    assert await stripe.verify_webhook({"stripe-signature": header}, BODY, NOW)


async def test_the_wrong_key_is_refused(stripe):
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(signed(BODY, secret="whsec_other"), BODY, NOW)


async def test_an_altered_body_is_refused(stripe):
    with pytest.raises(BadSignature):
        await stripe.verify_webhook(signed(BODY), BODY.replace(b"2500", b"9500"), NOW)


async def test_a_moved_time_stamp_is_refused(stripe):
    old = NOW - timedelta(hours=1)
    header = signed(BODY, old)["stripe-signature"].replace(str(int(old.timestamp())), str(int(NOW.timestamp())))
    with pytest.raises(BadSignature):
        await stripe.verify_webhook({"stripe-signature": header}, BODY, NOW)


async def test_without_a_secret_nothing_verifies():
    for secrets in ((), ("",)):
        with pytest.raises(BadSignature):
            await Stripe(KEY, "", secrets).verify_webhook(signed(BODY, secret=""), BODY, NOW)


@pytest.mark.parametrize(
    "header",
    ["", "t=", "v1=abc", "t=now,v1=abc", "t=\u0661,v1=abc", "t=99999999999999999999,v1=\u00e9", "t=1,t=2,v1=a", ",,=,"],
)
async def test_a_header_that_is_none_is_refused(stripe, header):
    with pytest.raises(BadSignature):
        await stripe.verify_webhook({"stripe-signature": header}, BODY, NOW)
    with pytest.raises(BadSignature):
        await stripe.verify_webhook({}, BODY, NOW)


async def test_only_the_first_scheme_counts(stripe):
    header = signed(BODY)["stripe-signature"].replace("v1=", "v0=")
    with pytest.raises(BadSignature):
        await stripe.verify_webhook({"stripe-signature": header}, BODY, NOW)


async def test_a_signed_body_that_is_no_event_says_so(stripe):
    with pytest.raises(ValidationFailed):
        await stripe.verify_webhook(signed(b"[]"), b"[]", NOW)


# As localstripe signs and delivers them


@pytest.fixture
async def delivered(front, mailbox):
    address, came = mailbox
    await front.upstream.post("/_config/webhooks/ours", json={"url": address, "secret": SECRET})

    async def next_of(asked):
        """The next webhook about this charge. localstripe delivers a second after the event, to all it knows."""
        provider = Stripe(KEY, front.address, (SECRET,))
        while True:
            headers, body = await asyncio.wait_for(came.get(), 30)
            (notice,) = await provider.verify_webhook(headers, body, datetime.now(UTC))
            if notice.outcome and notice.outcome.our_id == asked:
                return notice

    return next_of


async def test_a_paid_charge_is_told(front, delivered):
    asked = charge(method="pm_card_visa")
    paid = await Stripe(KEY, front.address, ()).create(asked)
    notice = await delivered(asked.payment_id)
    assert notice.type == "payment_intent.succeeded" and notice.event_id.startswith("evt_")
    assert notice.outcome == paid


async def test_a_refused_one_is_told(front, delivered):
    asked = charge(method=REFUSED_CARD)
    refused = await Stripe(KEY, front.address, ()).create(asked)
    notice = await delivered(asked.payment_id)
    assert notice.type == "payment_intent.payment_failed"
    assert (notice.outcome.state, notice.outcome.failure_code) == (State.REQUIRES_METHOD, "card_declined")
    assert notice.outcome.reference == refused.reference


# What each event says


async def outcomes(stripe, type_, thing, **change):
    body = event(type_, thing, **change)
    return [notice.outcome for notice in await stripe.verify_webhook(signed(body), body, NOW)]


@pytest.mark.parametrize(
    "type_, status, state",
    [
        ("payment_intent.succeeded", "succeeded", State.SUCCEEDED),
        ("payment_intent.payment_failed", "requires_payment_method", State.REQUIRES_METHOD),
        ("payment_intent.processing", "processing", State.PROCESSING),
        ("payment_intent.requires_action", "requires_action", State.REQUIRES_ACTION),
        ("payment_intent.canceled", "canceled", State.CANCELLED),
    ],
)
async def test_charges(stripe, type_, status, state):
    (outcome,) = await outcomes(stripe, type_, INTENT | {"status": status})
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.CHARGE, state, PAID)
    assert (outcome.reference, outcome.capture, outcome.amount) == ("pi_1", "ch_1", Money(2500, "USD"))


REFUND = {"id": "re_1", "amount": 700, "currency": "jpy", "status": "succeeded", "charge": "ch_1", "metadata": {"refund_id": str(PAID)}}  # fmt: skip


@pytest.mark.parametrize("type_", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
@pytest.mark.parametrize(
    "status, state",
    [
        ("succeeded", State.SUCCEEDED),
        ("pending", State.PROCESSING),
        ("requires_action", State.PROCESSING),
        ("failed", State.FAILED),
        ("canceled", State.FAILED),
    ],
)
async def test_refunds(stripe, type_, status, state):
    (outcome,) = await outcomes(stripe, type_, REFUND | {"status": status})
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.REFUND, state, PAID)
    assert (outcome.reference, outcome.capture, outcome.amount) == ("re_1", "ch_1", Money(700, "JPY"))
    assert bool(outcome.failure_code) is (state is State.FAILED)


async def test_a_refunded_charge_names_each_refund_or_none(stripe):
    made_elsewhere = REFUND | {"id": "re_2", "metadata": None}
    body = event("charge.refunded", {"id": "ch_1", "refunds": {"data": [REFUND, made_elsewhere]}})
    first, second = await stripe.verify_webhook(signed(body), body, NOW)
    assert (first.event_id, second.event_id) == ("evt_1", "evt_1:re_2")
    assert (first.outcome.our_id, second.outcome.our_id) == (PAID, None)
    assert await outcomes(stripe, "charge.refunded", {"id": "ch_1", "amount_refunded": 700}) == [None]


@pytest.mark.parametrize(
    "type_, status, state",
    [
        ("charge.dispute.created", "needs_response", State.OPEN),
        ("charge.dispute.updated", "under_review", State.OPEN),
        ("charge.dispute.funds_withdrawn", "needs_response", State.OPEN),
        ("charge.dispute.created", "warning_needs_response", State.OPEN),
        ("charge.dispute.closed", "won", State.WON),
        ("charge.dispute.closed", "lost", State.LOST),
        ("charge.dispute.closed", "warning_closed", State.WON),
    ],
)
async def test_disputes(stripe, type_, status, state):
    dispute = {
        "id": "dp_1",
        "amount": 2500,
        "currency": "usd",
        "status": status,
        "charge": "ch_1",
        "reason": "fraudulent",
    }
    (outcome,) = await outcomes(stripe, type_, dispute)
    assert (outcome.subject, outcome.state, outcome.reference) == (Subject.DISPUTE, state, "dp_1")
    assert (outcome.capture, outcome.reason, outcome.amount) == ("ch_1", "fraudulent", Money(2500, "USD"))


TRANSFER = {"id": "tr_1", "amount": 900, "currency": "eur", "reversed": False, "metadata": {"payout_id": str(PAID)}}


@pytest.mark.parametrize("is_reversed, state", [(False, State.SUCCEEDED), (True, State.RETURNED)])
async def test_transfers(stripe, is_reversed, state):
    type_ = "transfer.reversed" if is_reversed else "transfer.created"
    (outcome,) = await outcomes(stripe, type_, TRANSFER | {"reversed": is_reversed})
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.PAYOUT, state, PAID)


@pytest.mark.parametrize(
    "status, code, state, ours",
    [
        ("pending", None, State.PROCESSING, ""),
        ("in_transit", None, State.PROCESSING, ""),
        ("paid", None, State.SUCCEEDED, ""),
        ("failed", "account_closed", State.FAILED, "account_closed"),
        ("failed", "could_not_process", State.FAILED, "provider_error"),
        ("canceled", None, State.FAILED, "provider_error"),
    ],
)
async def test_payouts(stripe, status, code, state, ours):
    payout = {"id": "po_1", "amount": 900, "currency": "eur", "status": status, "failure_code": code, "metadata": {"payout_id": str(PAID)}}  # fmt: skip
    (outcome,) = await outcomes(stripe, "payout.updated", payout)
    assert (outcome.subject, outcome.state, outcome.our_id, outcome.failure_code) == (Subject.PAYOUT, state, PAID, ours)


async def test_what_does_not_concern_us_is_taken_and_says_nothing(stripe):
    assert await outcomes(stripe, "customer.created", {"id": "cus_1"}) == [None]
    assert await outcomes(stripe, "payment_intent.succeeded", INTENT, account="acct_1") == [None]
    of_stripes_own_schedule = {"id": "po_9", "amount": 1, "currency": "eur", "status": "paid", "metadata": {}}
    assert await outcomes(stripe, "payout.paid", of_stripes_own_schedule) == [None]
