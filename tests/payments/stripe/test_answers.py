"""Answers of Stripe's that localstripe cannot give, from a server that says what the test wrote for it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from marketplace.core import logs
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown, State, Subject, Transfer
from tests.payments.stripe.conftest import KEY, charge


def intent(asked, status="succeeded", **change):
    return {
        "id": "pi_1", "object": "payment_intent", "amount": asked.amount.minor, "currency": "usd", "status": status,
        "client_secret": "pi_1_secret_1", "latest_charge": "ch_1", "metadata": {"payment_id": str(asked.payment_id)},
        "created": 1, **change,
    }  # fmt: skip


def error(type_="invalid_request_error", **words):
    return {"error": {"type": type_, "message": "No.", **words}}


def form(script, index=-1):
    return {name: values[0] for name, values in parse_qs(script.asked[index][2]).items()}


async def test_the_payer_is_sent_where_the_bank_wants_them(scripted, script):
    asked = charge(method="pm_card_visa", return_url="https://shop.example/back", payer_email="ada@example.com")
    page = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/3ds", "return_url": "x"}}
    script.answers = [(200, intent(asked, "requires_action", next_action=page))]
    waiting = await scripted.create(asked)
    assert (waiting.state, waiting.action_kind) == (State.REQUIRES_ACTION, "redirect")
    assert (waiting.action_url, waiting.client_secret) == ("https://bank.example/3ds", "pi_1_secret_1")
    sent = form(script)
    assert (sent["return_url"], sent["receipt_email"]) == ("https://shop.example/back", "ada@example.com")
    assert sent["description"] == asked.description and "automatic_payment_methods[enabled]" not in sent


async def test_without_an_address_to_come_back_to_no_method_may_lead_away(scripted, script):
    asked = charge()
    script.answers = [(200, intent(asked, "requires_payment_method"))]
    await scripted.create(asked)
    assert form(script)["automatic_payment_methods[allow_redirects]"] == "never"


async def test_a_code_to_scan(scripted, script):
    code = {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": {"data": "weixin://pay/1"}}
    asked = charge()
    script.answers = [(200, intent(asked, "requires_action", next_action=code))]
    waiting = await scripted.fetch(Subject.CHARGE, asked.payment_id, "pi_1")
    assert (waiting.action_kind, waiting.action_url) == ("qr", "weixin://pay/1")


async def test_a_refused_card_says_why_and_another_may_pay(scripted, script):
    asked = charge(method="pm_1")
    why = {
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
    }
    refused = intent(asked, "requires_payment_method", last_payment_error=why)
    script.answers = [(402, error("card_error", **why, payment_intent=refused))]
    outcome = await scripted.create(asked)
    assert (outcome.state, outcome.failure_code) == (State.REQUIRES_METHOD, "insufficient_funds")
    assert outcome.failure_message == "Your card has insufficient funds."
    script.answers = [(200, intent(asked, "requires_confirmation")), (200, intent(asked))]
    assert (await scripted.confirm(structs.replace(asked, method="pm_2"), "pi_1")).state is State.SUCCEEDED
    assert [path for _, path, _, _ in script.asked[1:]] == [
        "/v1/payment_intents/pi_1",
        "/v1/payment_intents/pi_1/confirm",
    ]
    assert form(script, 1) == {"payment_method": "pm_2"}


@pytest.mark.parametrize(
    "code, decline, ours",
    [
        ("card_declined", "generic_decline", "card_declined"),
        ("expired_card", None, "expired_card"),
        ("card_declined", "expired_card", "expired_card"),
        ("incorrect_cvc", None, "card_declined"),
        ("authentication_required", "authentication_required", "authentication_failed"),
        ("payment_intent_payment_attempt_expired", None, "expired"),
        ("processing_error", None, "provider_error"),
    ],
)
async def test_failures_have_our_names(scripted, script, code, decline, ours):
    asked = charge()
    refused = intent(asked, "requires_payment_method", last_payment_error={"code": code, "decline_code": decline})
    script.answers = [(200, refused)]
    assert (await scripted.fetch(Subject.CHARGE, asked.payment_id, "pi_1")).failure_code == ours


@pytest.mark.parametrize(
    "status, body",
    [(500, error("api_error")), (502, {}), (503, error()), (429, error(code="rate_limit")), (200, None), (409, error(code="idempotency_key_in_use"))],
)  # fmt: skip
async def test_no_answer_and_a_tired_server_leave_it_unknown(scripted, script, status, body):
    script.answers = [(status, body)]
    with pytest.raises(ProviderUnknown):
        await scripted.create(charge())
    assert len(script.asked) == 1  # nothing is repeated behind our back


async def test_nobody_there(scripted, script):
    scripted._base = "http://127.0.0.1:9"
    with pytest.raises(ProviderUnknown):
        await scripted.fetch(Subject.CHARGE, uuid7(), "pi_1")


async def test_a_refusal_has_the_reason_in_stripes_words(scripted, script):
    script.answers = [(400, error(code="amount_too_small", message="Amount must be at least $0.50 usd"))]
    with pytest.raises(ProviderRefused) as refusal:
        await scripted.create(charge(10))
    assert refusal.value.details == {"reason": "Amount must be at least $0.50 usd", "provider_code": "amount_too_small"}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_fails_nothing_and_shows_nowhere(scripted, script, status, configure, capsys):
    asked = charge(method="pm_1")
    script.answers = [
        (status, error(message=f"Invalid API Key provided: {KEY}")),
        (200, intent(asked, "requires_action")),
    ]
    configure(log_level="debug")
    logs.configure()
    try:
        with pytest.raises(ProviderUnknown) as refusal:
            await scripted.create(asked)
        await scripted.create(asked)
    finally:
        configure(log_level="info")
        logs.configure()
    shown = capsys.readouterr().err
    assert "payments.stripe_key_refused" in shown
    for secret in (KEY, "pi_1_secret_1"):
        assert secret not in shown + str(refusal.value.details)


async def test_a_transfer_to_a_connected_account_is_done_at_once(scripted, script):
    asked = Transfer(payout_id=uuid7(), amount=Money(900, "EUR"), destination="acct_1", description="Payout 1")
    answer = {"id": "tr_1", "amount": 900, "currency": "eur", "metadata": {"payout_id": str(asked.payout_id)}, "reversed": False}  # fmt: skip
    script.answers = [(200, answer)]
    sent = await scripted.payout(asked)
    assert (sent.state, sent.reference, sent.our_id) == (State.SUCCEEDED, "tr_1", asked.payout_id)
    _, path, _, headers = script.asked[0]
    assert (path, headers["Idempotency-Key"]) == ("/v1/transfers", str(asked.payout_id))
    assert form(script) == {
        "amount": "900", "currency": "eur", "destination": "acct_1", "description": "Payout 1",
        "transfer_group": str(asked.payout_id), "metadata[payout_id]": str(asked.payout_id),
    }  # fmt: skip
    script.answers = [(200, {"object": "list", "data": [answer | {"reversed": True}], "has_more": False})]
    found = await scripted.fetch(Subject.PAYOUT, asked.payout_id)
    assert found.state is State.RETURNED
    assert parse_qs(urlsplit(script.asked[1][1]).query)["transfer_group"] == [str(asked.payout_id)]


async def test_an_empty_balance_refuses_a_transfer(scripted, script):
    script.answers = [(400, error(code="balance_insufficient", message="You have insufficient funds."))]
    with pytest.raises(ProviderRefused) as refusal:
        await scripted.payout(Transfer(payout_id=uuid7(), amount=Money(900, "EUR"), destination="acct_1"))
    assert refusal.value.details["provider_code"] == "balance_insufficient"


async def test_a_dispute_is_found_by_its_payment(scripted, script):
    asked = charge()
    dispute = {
        "id": "dp_1",
        "amount": 2500,
        "currency": "usd",
        "status": "lost",
        "charge": "ch_1",
        "reason": "fraudulent",
    }
    script.answers = [
        (200, {"data": [intent(asked)], "has_more": False}),
        (200, {"data": [dispute], "has_more": False}),
        (200, dispute),
    ]
    found = await scripted.fetch(Subject.DISPUTE, asked.payment_id)
    assert (found.state, found.reference) == (State.LOST, "dp_1")
    assert await scripted.fetch(Subject.DISPUTE, asked.payment_id, "dp_1") == found


@pytest.mark.parametrize(
    "money, theirs",
    [(Money(2500, "JPY"), 2500), (Money(2500, "USD"), 2500), (Money(5, "UGX"), 500), (Money(5, "ISK"), 500), (Money(2500, "KWD"), 2500)],
)  # fmt: skip
async def test_stripe_counts_some_currencies_its_own_way(scripted, script, money, theirs):
    asked = charge(money.minor, money.currency)
    script.answers = [(200, intent(asked, currency=money.currency.lower(), amount=theirs))]
    assert (await scripted.create(asked)).amount == money
    assert form(script)["amount"] == str(theirs)


async def test_what_it_cannot_hold_is_refused_before_it_is_asked(scripted, script):
    with pytest.raises(ProviderRefused):
        await scripted.create(charge(2501, "KWD"))
    assert script.asked == []


async def test_the_books_name_what_changed_as_well_as_what_is_new(scripted, script):
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    new, old = intent(charge(), created=int(since.timestamp())), intent(charge(), id="pi_0")
    own = {"id": "po_9", "amount": 1, "currency": "eur", "status": "paid", "metadata": {}, "created": new["created"]}

    def changed(id_, thing, type_="payment_intent.succeeded"):
        return {"id": id_, "type": type_, "created": new["created"], "data": {"object": thing}}

    def listed(*things):
        return 200, {"data": list(things), "has_more": False}

    late, early = changed("evt_2", old), changed("evt_1", old | {"status": "processing"}, "payment_intent.processing")
    script.answers = [
        listed(new),
        listed(),
        listed(),
        listed(),
        listed(own),
        listed(late, early, changed("evt_0", new)),
    ]
    found = [outcome async for outcome in scripted.records(since, until)]
    assert [(one.reference, one.state) for one in found] == [("pi_1", State.SUCCEEDED), ("pi_0", State.SUCCEEDED)]
