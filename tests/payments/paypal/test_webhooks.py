"""PayPal's webhooks: every rule of the signature, with certificates made here, and what each event says."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import BadSignature, ProviderUnknown, State, Subject
from marketplace.payments.providers.paypal import certificates
from marketplace.payments.providers.paypal.certificates import is_paypals
from marketplace.payments.providers.paypal.provider import PayPal
from tests.payments.paypal.server import (
    CERTS,
    CLIENT,
    NOW,
    SECRET,
    WEBHOOK,
    certificate,
    elliptic_certificate,
    private_key,
    signed,
)

KEY, OTHER_KEY = private_key(), private_key()
PAYMENT = uuid7()
CAPTURE = {
    "id": "CAP1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "25.00"},
    "custom_id": str(PAYMENT), "invoice_id": str(PAYMENT), "supplementary_data": {"related_ids": {"order_id": "ORD1"}},
}  # fmt: skip


def event(type_, resource):
    words = {"id": "WH-1", "event_type": type_, "create_time": "2026-03-08T11:59:58.5Z", "resource": resource}
    return json.dumps(words).encode()


BODY = event("PAYMENT.CAPTURE.COMPLETED", CAPTURE)


@pytest.fixture
def url(server):
    server.certificates["CERT-1"] = certificate(KEY)
    return f"{server.address}{CERTS}CERT-1"


# The signature


@pytest.mark.parametrize("age", [0, 299, 300, -299])
async def test_a_signature_of_the_last_five_minutes_is_good(paypal, url, age):
    headers = signed(BODY, KEY, url, NOW - timedelta(seconds=age))
    (notice,) = await paypal.verify_webhook(headers, BODY, NOW)
    assert (notice.event_id, notice.type) == ("WH-1", "PAYMENT.CAPTURE.COMPLETED")
    assert notice.created_at == datetime(2026, 3, 8, 11, 59, 58, 500_000, UTC)


@pytest.mark.parametrize("age", [301, 86_400, -301])
async def test_an_older_one_or_one_of_the_future_is_refused(paypal, server, url, age):
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, KEY, url, NOW - timedelta(seconds=age)), BODY, NOW)
    assert server.asked == []  # nor is anybody asked for its certificate


async def test_the_wrong_key_is_refused(paypal, url):
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, OTHER_KEY, url), BODY, NOW)


async def test_an_altered_body_is_refused(paypal, url):
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, KEY, url), BODY.replace(b"25.00", b"95.00"), NOW)


async def test_a_moved_time_or_another_id_is_refused(paypal, url):
    old = signed(BODY, KEY, url, NOW - timedelta(hours=1))
    now = signed(BODY, KEY, url)
    for headers in (
        old | {"paypal-transmission-time": now["paypal-transmission-time"]},
        now | {"paypal-transmission-id": "x"},
    ):
        with pytest.raises(BadSignature):
            await paypal.verify_webhook(headers, BODY, NOW)


async def test_what_was_signed_for_another_webhook_is_refused(paypal, url):
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, KEY, url, webhook="1JE4291016473214C"), BODY, NOW)


async def test_without_a_webhook_id_nothing_verifies(server, url):
    with pytest.raises(BadSignature):
        await PayPal(CLIENT, SECRET, "", server.address).verify_webhook(signed(BODY, KEY, url, webhook=""), BODY, NOW)


@pytest.mark.parametrize("missing", ["id", "time", "sig"])
async def test_every_header_is_needed(paypal, url, missing):
    headers = signed(BODY, KEY, url)
    del headers[f"paypal-transmission-{missing}"]
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(headers, BODY, NOW)
    with pytest.raises(BadSignature):
        await paypal.verify_webhook({}, BODY, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"paypal-auth-algo": "SHA1withRSA"},
        {"paypal-auth-algo": ""},
        {"paypal-transmission-sig": "*"},
        {"paypal-transmission-sig": "\u00e9"},
        {"paypal-transmission-time": "yesterday"},
        {"paypal-transmission-time": "2026-03-08T12:00:00"},
    ],
)
async def test_a_header_that_is_none_is_refused(paypal, url, change):
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, KEY, url) | change, BODY, NOW)


async def test_a_signed_body_that_is_no_event_says_so(paypal, url):
    with pytest.raises(ValidationFailed):
        await paypal.verify_webhook(signed(b"[]", KEY, url), b"[]", NOW)


# The certificate


async def test_a_certificate_is_fetched_once(paypal, server, url):
    for _ in range(3):
        await paypal.verify_webhook(signed(BODY, KEY, url), BODY, NOW)
    assert [path for method, path, _, _ in server.asked] == [f"{CERTS}CERT-1"]


async def test_a_new_certificate_comes_with_a_new_address(paypal, server, url):
    await paypal.verify_webhook(signed(BODY, KEY, url), BODY, NOW)
    server.certificates["CERT-2"] = certificate(OTHER_KEY)
    await paypal.verify_webhook(signed(BODY, OTHER_KEY, url.replace("CERT-1", "CERT-2")), BODY, NOW)
    await paypal.verify_webhook(signed(BODY, KEY, url), BODY, NOW)


async def test_no_more_certificates_are_kept_than_there_may_be(paypal, server, url):
    for number in range(certificates.MOST + 3):
        server.certificates[f"CERT-{number}"] = certificate(KEY)
        there = url.replace("CERT-1", f"CERT-{number}")
        await paypal.verify_webhook(signed(BODY, KEY, there), BODY, NOW)
    assert len(certificates._known) <= certificates.MOST


async def test_a_certificate_is_good_between_its_dates(paypal, server, url):
    server.certificates["CERT-1"] = certificate(KEY, NOW - timedelta(days=2), NOW + timedelta(days=1))
    assert await paypal.verify_webhook(signed(BODY, KEY, url), BODY, NOW)
    for then in (NOW + timedelta(days=1, seconds=1), NOW - timedelta(days=2, seconds=1)):  # it is in the cache by now
        with pytest.raises(BadSignature):
            await paypal.verify_webhook(signed(BODY, KEY, url, then), BODY, then)


@pytest.mark.parametrize("content", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_what_is_no_certificate_is_refused(paypal, server, url, content):
    server.certificates["CERT-1"] = content
    with pytest.raises(BadSignature):
        await paypal.verify_webhook(signed(BODY, KEY, url), BODY, NOW)


async def test_a_key_of_another_kind_or_a_short_one_is_refused(paypal, server, url):
    weak = private_key(1024)
    for pem in (elliptic_certificate(), certificate(weak)):
        server.certificates["CERT-1"] = pem
        with pytest.raises(BadSignature):
            await paypal.verify_webhook(signed(BODY, weak, url), BODY, NOW)


async def test_paypal_away_is_no_bad_signature(paypal, url, monkeypatch):
    monkeypatch.setattr(certificates, "is_paypals", lambda *_: True)
    with pytest.raises(ProviderUnknown):
        await paypal.verify_webhook(signed(BODY, KEY, f"http://127.0.0.1:9{CERTS}CERT-1"), BODY, NOW)


LIVE, LOCAL = "https://api-m.paypal.com", "http://127.0.0.1:8420"


@pytest.mark.parametrize(
    "address, base, good",
    [
        ("https://api.paypal.com/v1/notifications/certs/CERT-1", LIVE, True),
        ("https://api.sandbox.paypal.com:443/v1/notifications/certs/CERT-1", "https://api-m.sandbox.paypal.com", True),
        ("https://api.paypal.com/v1/notifications/certs/CERT-1", LOCAL, True),
        ("http://127.0.0.1:8420/v1/notifications/certs/CERT-1", LOCAL, True),
        ("https://pay.example:8443/v1/notifications/certs/CERT-1", "https://pay.example:8443", True),
        ("http://api.paypal.com/v1/notifications/certs/CERT-1", LIVE, False),
        ("http://api.paypal.com/v1/notifications/certs/CERT-1", "http://api.paypal.com", False),
        ("http://127.0.0.1:8420/v1/notifications/certs/CERT-1", LIVE, False),
        ("http://127.0.0.1:9999/v1/notifications/certs/CERT-1", LOCAL, False),
        ("https://127.0.0.1:8420/v1/notifications/certs/CERT-1", LOCAL, False),
        ("https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://evilpaypal.com/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://evil.example/v1/notifications/certs/CERT-1?x=.paypal.com", LIVE, False),
        ("https://evil.example#.paypal.com/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://api.paypal.com:8443/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://api.paypal.com:x/v1/notifications/certs/CERT-1", LIVE, False),
        ("https://www.paypal.com/somebodys/upload.pem", LIVE, False),
        ("https://api.paypal.com/v1/notifications/certs/../../upload.pem", LIVE, False),
        ("file:///v1/notifications/certs/CERT-1", LIVE, False),
        ("", LIVE, False),
        ("https://[::1/v1/notifications/certs/CERT-1", LIVE, False),
    ],
)
async def test_a_certificate_comes_from_paypal_only(address, base, good):
    assert is_paypals(address, base) is good
    if not good:
        with pytest.raises(BadSignature):
            await PayPal(CLIENT, SECRET, WEBHOOK, base).verify_webhook(signed(BODY, KEY, address), BODY, NOW)


# What each event says


@pytest.fixture
def told(paypal, url):
    async def outcome(type_, resource):
        body = event(type_, resource)
        (notice,) = await paypal.verify_webhook(signed(body, KEY, url), body, NOW)
        return notice.outcome

    return outcome


@pytest.mark.parametrize(
    "what, status, state",
    [
        ("COMPLETED", "COMPLETED", State.SUCCEEDED),
        ("PENDING", "PENDING", State.PROCESSING),
        ("DENIED", "DECLINED", State.FAILED),
        ("DECLINED", "DECLINED", State.FAILED),
    ],
)
async def test_captures(told, what, status, state):
    outcome = await told(f"PAYMENT.CAPTURE.{what}", CAPTURE | {"status": status})
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.CHARGE, state, PAYMENT)
    assert (outcome.reference, outcome.capture, outcome.amount) == ("ORD1", "CAP1", Money(2500, "USD"))


async def test_an_agreed_order_says_that_we_are_next(told):
    unit = {"custom_id": str(PAYMENT), "amount": {"currency_code": "JPY", "value": "2500"}}
    order = {"id": "ORD1", "status": "APPROVED", "purchase_units": [unit]}
    outcome = await told("CHECKOUT.ORDER.APPROVED", order)
    assert (outcome.state, outcome.action_kind, outcome.our_id) == (State.REQUIRES_ACTION, "confirm", PAYMENT)
    assert (outcome.reference, outcome.amount) == ("ORD1", Money(2500, "JPY"))


async def test_refunds(told):
    refund_id = uuid7()
    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP1"}
    refund = {"id": "REF1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "7.00"}, "links": [up]}
    outcome = await told("PAYMENT.CAPTURE.REFUNDED", refund | {"custom_id": str(refund_id)})
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.REFUND, State.SUCCEEDED, refund_id)
    assert (outcome.reference, outcome.capture, outcome.amount) == ("REF1", "CAP1", Money(700, "USD"))
    assert (await told("PAYMENT.CAPTURE.REFUNDED", refund)).our_id is None


@pytest.mark.parametrize(
    "what, status, end, state, minor",
    [
        ("CREATED", "OPEN", None, State.OPEN, 2500),
        ("UPDATED", "UNDER_REVIEW", None, State.OPEN, 2500),
        ("RESOLVED", "RESOLVED", {"outcome_code": "RESOLVED_SELLER_FAVOUR"}, State.WON, 2500),
        ("RESOLVED", "RESOLVED", {"outcome_code": "CANCELED_BY_BUYER"}, State.WON, 2500),
        ("RESOLVED", "RESOLVED", {"outcome_code": "RESOLVED_BUYER_FAVOUR"}, State.LOST, 2500),
        (
            "RESOLVED", "RESOLVED",
            {"outcome_code": "ACCEPTED", "amount_refunded": {"currency_code": "USD", "value": "10.00"}}, State.LOST, 1000,
        ),
    ],
)  # fmt: skip
async def test_disputes(told, what, status, end, state, minor):
    dispute = {
        "dispute_id": "PP-D-1", "status": status, "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
        "dispute_amount": {"currency_code": "USD", "value": "25.00"},
        "disputed_transactions": [{"seller_transaction_id": "CAP1", "invoice_number": str(PAYMENT)}],
    }  # fmt: skip
    outcome = await told(f"CUSTOMER.DISPUTE.{what}", dispute | ({"dispute_outcome": end} if end else {}))
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.DISPUTE, state, PAYMENT)
    assert (outcome.reference, outcome.capture, outcome.amount) == ("PP-D-1", "CAP1", Money(minor, "USD"))
    assert outcome.reason == "merchandise_or_service_not_received"


@pytest.mark.parametrize(
    "what, status, state",
    [
        ("SUCCEEDED", "SUCCESS", State.SUCCEEDED),
        ("UNCLAIMED", "UNCLAIMED", State.PROCESSING),
        ("FAILED", "FAILED", State.FAILED),
        ("BLOCKED", "BLOCKED", State.FAILED),
        ("DENIED", "DENIED", State.FAILED),
        ("RETURNED", "RETURNED", State.FAILED),
        ("REFUNDED", "REFUNDED", State.RETURNED),
    ],
)
async def test_payouts(told, what, status, state):
    payout_id = uuid7()
    item = {
        "payout_item_id": "ITEM1", "payout_batch_id": "BAT1", "transaction_status": status,
        "payout_item": {"amount": {"currency": "EUR", "value": "9.00"}, "sender_item_id": str(payout_id)},
    }  # fmt: skip
    outcome = await told(f"PAYMENT.PAYOUTS-ITEM.{what}", item)
    assert (outcome.subject, outcome.state, outcome.our_id) == (Subject.PAYOUT, state, payout_id)
    assert (outcome.reference, outcome.amount) == ("BAT1", Money(900, "EUR"))


async def test_what_does_not_concern_us_is_taken_and_says_nothing(told):
    assert await told("BILLING.PLAN.CREATED", {"id": "P-1"}) is None
