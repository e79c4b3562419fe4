import pytest
from msgspec import structs

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments import providers
from marketplace.payments.providers.base import Provider, ProviderRefused, ProviderUnknown, Repayment, State, Subject
from marketplace.payments.providers.paypal.provider import PayPal
from tests.payments.paypal.conftest import charge
from tests.payments.paypal.server import CLIENT, SECRET, WEBHOOK, refusal


def test_it_is_offered_where_it_has_an_account(configure):
    configure(paypal_client_id=CLIENT, paypal_client_secret="")
    assert "paypal" not in providers.available()
    configure(paypal_client_id=CLIENT, paypal_client_secret=SECRET, paypal_webhook_id=WEBHOOK)
    offered = providers.provider("paypal")
    assert isinstance(offered, Provider) and offered.name == "paypal"


async def paid(paypal, server, minor=2500, currency="USD"):
    """A charge, and how it stands when it is captured."""
    asked = charge(minor, currency)
    opened = await paypal.create(asked)
    server.approve(opened.reference)
    return asked, await paypal.confirm(asked, opened.reference)


# Opening and capturing


async def test_an_order_is_opened_for_the_payer_to_agree_to(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    assert (opened.subject, opened.state, opened.amount) == (Subject.CHARGE, State.REQUIRES_ACTION, Money(2500, "USD"))
    assert (opened.our_id, opened.action_kind) == (asked.payment_id, "redirect")
    assert opened.action_url == f"https://www.paypal.example/checkoutnow?token={opened.reference}"
    ((words, headers),) = server.sent("POST", "/v2/checkout/orders")
    assert headers["PayPal-Request-Id"] == str(asked.payment_id)
    assert words["intent"] == "CAPTURE"
    assert words["purchase_units"] == [
        {
            "custom_id": str(asked.payment_id), "invoice_id": str(asked.payment_id),
            "amount": {"currency_code": "USD", "value": "25.00"}, "description": asked.description,
        }
    ]  # fmt: skip
    assert words["payment_source"]["paypal"]["experience_context"]["return_url"] == asked.return_url


async def test_without_an_address_to_come_back_to(paypal):
    opened = await paypal.create(charge(return_url=""))
    assert opened.action_url.endswith(opened.reference)


async def test_the_same_order_twice_is_one(paypal, server):
    asked = charge()
    assert await paypal.create(asked) == await paypal.create(asked)
    assert len(server.orders) == 1


async def test_a_lost_answer_is_had_by_asking_again(paypal, server):
    asked = charge()
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await paypal.create(asked)
    assert await paypal.fetch(Subject.CHARGE, asked.payment_id) is None
    opened = await paypal.create(asked)
    assert list(server.orders) == [opened.reference]


async def test_an_agreed_order_is_captured(paypal, server):
    asked, captured = await paid(paypal, server)
    assert (captured.state, captured.our_id, captured.amount) == (State.SUCCEEDED, asked.payment_id, asked.amount)
    assert captured.reference in server.orders and captured.capture in server.captures
    assert (captured.action_url, captured.action_kind) == ("", "")
    assert await paypal.fetch(Subject.CHARGE, asked.payment_id, captured.reference) == captured


async def test_an_agreed_order_waits_for_our_confirm(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    server.approve(opened.reference)
    waiting = await paypal.fetch(Subject.CHARGE, asked.payment_id, opened.reference)
    assert (waiting.state, waiting.action_kind, waiting.action_url) == (State.REQUIRES_ACTION, "confirm", "")


async def test_capturing_twice_takes_the_money_once(paypal, server):
    asked, captured = await paid(paypal, server)
    assert await paypal.confirm(asked, captured.reference) == captured
    assert len(server.captures) == 1


async def test_a_lost_answer_of_a_capture_is_found(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    server.approve(opened.reference)
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await paypal.confirm(asked, opened.reference)
    found = await paypal.fetch(Subject.CHARGE, asked.payment_id, opened.reference)
    assert found.state is State.SUCCEEDED
    assert await paypal.confirm(asked, "") == found


async def test_capturing_too_early_sends_the_payer_to_the_page_again(paypal):
    asked = charge()
    opened = await paypal.create(asked)
    assert await paypal.confirm(asked, opened.reference) == opened


async def test_a_declined_instrument_asks_for_another(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    server.approve(opened.reference)
    server.capture_refusal = "INSTRUMENT_DECLINED"
    refused = await paypal.confirm(asked, opened.reference)
    assert (refused.state, refused.failure_code) == (State.REQUIRES_METHOD, "card_declined")
    assert refused.failure_message == "The instrument was declined."
    assert (refused.action_url, refused.action_kind) == (f"https://www.paypal.example/again?token={opened.reference}", "redirect")  # fmt: skip
    server.capture_refusal = ""
    assert (await paypal.confirm(asked, opened.reference)).state is State.SUCCEEDED


@pytest.mark.parametrize(
    "status, state",
    [
        ("PENDING", State.PROCESSING),
        ("DECLINED", State.FAILED),
        ("FAILED", State.FAILED),
        ("REFUNDED", State.SUCCEEDED),
    ],
)
async def test_a_capture_may_take_its_time_or_fail(paypal, server, status, state):
    server.capture_status = status
    _, captured = await paid(paypal, server)
    assert captured.state is state
    assert bool(captured.failure_code) is (state is State.FAILED)


async def test_cancelling_is_our_promise_not_to_capture(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    for _ in range(2):
        cancelled = await paypal.cancel(asked.payment_id, opened.reference)
        assert (cancelled.state, cancelled.action_url, cancelled.reference) == (State.CANCELLED, "", opened.reference)
    assert server.captures == {}


async def test_cancelling_what_was_captured_says_so(paypal, server):
    asked, captured = await paid(paypal, server)
    assert await paypal.cancel(asked.payment_id, captured.reference) == captured


async def test_an_unknown_order(paypal):
    assert await paypal.fetch(Subject.CHARGE, uuid7(), "ORD-none") is None
    assert (await paypal.cancel(uuid7(), "ORD-none")).state is State.CANCELLED
    with pytest.raises(ProviderRefused):
        await paypal.cancel(uuid7(), "")
    with pytest.raises(ProviderRefused):
        await paypal.confirm(charge(), "../../v1/oauth2/token")


# Amounts


@pytest.mark.parametrize(
    "money, value",
    [
        (Money(2500, "JPY"), "2500"),
        (Money(2500, "EUR"), "25.00"),
        (Money(2500, "HUF"), "25"),
        (Money(5, "USD"), "0.05"),
    ],
)
async def test_amounts_have_the_decimals_that_paypal_wants(paypal, server, money, value):
    _, captured = await paid(paypal, server, money.minor, money.currency)
    assert captured.amount == money
    ((words, _),) = server.sent("POST", "/v2/checkout/orders")
    assert words["purchase_units"][0]["amount"] == {"currency_code": money.currency, "value": value}


async def test_a_part_of_what_paypal_takes_whole_is_refused(paypal, server):
    with pytest.raises(ProviderRefused):
        await paypal.create(charge(2550, "HUF"))
    assert server.asked == []


# Refunds


def repayment(asked, captured, minor=1000, **change):
    values = {
        "refund_id": uuid7(), "payment_id": asked.payment_id, "reference": captured.reference, "capture": captured.capture,
        "amount": Money(minor, asked.amount.currency), "charged": asked.amount, "reason": "It came broken.",
    }  # fmt: skip
    return Repayment(**(values | change))


async def test_a_part_is_given_back_and_then_the_rest(paypal, server):
    asked, captured = await paid(paypal, server)
    first = repayment(asked, captured)
    part = await paypal.refund(first)
    assert (part.subject, part.state, part.amount) == (Subject.REFUND, State.SUCCEEDED, Money(1000, "USD"))
    assert (part.our_id, part.capture) == (first.refund_id, captured.capture)
    ((words, headers),) = server.sent("POST", f"/v2/payments/captures/{captured.capture}/refund")
    assert headers["PayPal-Request-Id"] == words["custom_id"] == str(first.refund_id)
    assert words["note_to_payer"] == "It came broken."
    rest = await paypal.refund(repayment(asked, captured, 1500, capture="", reason=""))
    assert (rest.state, rest.capture) == (State.SUCCEEDED, captured.capture)
    with pytest.raises(ProviderRefused) as over:
        await paypal.refund(repayment(asked, captured, 1))
    assert over.value.details == {"reason": "More than was captured.", "provider_code": "REFUND_AMOUNT_EXCEEDED"}


async def test_the_same_refund_twice_gives_back_once(paypal, server):
    asked, captured = await paid(paypal, server)
    once = repayment(asked, captured)
    assert await paypal.refund(once) == await paypal.refund(once)
    assert len(server.refunds) == 1


async def test_a_lost_answer_of_a_refund_is_found_by_its_charge(paypal, server):
    asked, captured = await paid(paypal, server)
    lost = repayment(asked, captured)
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await paypal.refund(lost)
    found = await paypal.fetch(Subject.REFUND, lost.refund_id, captured.reference)
    assert (found.state, found.our_id, found.capture) == (State.SUCCEEDED, lost.refund_id, captured.capture)
    assert await paypal.fetch(Subject.REFUND, lost.refund_id, found.reference) == found
    assert await paypal.fetch(Subject.REFUND, uuid7(), captured.reference) is None
    assert await paypal.fetch(Subject.REFUND, uuid7(), "REF-none") is None
    assert (
        await paypal.fetch(Subject.REFUND, lost.refund_id) is None
    )  # it cannot be asked by our id, so it is asked again
    assert await paypal.refund(lost) == found
    assert len(server.refunds) == 1


async def test_what_was_not_captured_is_not_refunded(paypal):
    asked = charge()
    opened = await paypal.create(asked)
    with pytest.raises(ProviderRefused):
        await paypal.refund(repayment(asked, opened))


# Whom PayPal believes, and what it may say


async def test_the_token_is_asked_for_once(paypal, server):
    for _ in range(3):
        await paypal.create(charge())
    await PayPal(CLIENT, SECRET, WEBHOOK, server.address + "/").create(charge())
    assert server.tokens_given == 1


async def test_a_token_that_is_about_to_end_is_not_used(paypal, server):
    server.token_life = 59
    for _ in range(2):
        await paypal.create(charge())
    assert server.tokens_given == 2


async def test_a_token_taken_back_is_replaced(paypal, server):
    await paypal.create(charge())
    server.tokens.clear()
    await paypal.create(charge())
    assert server.tokens_given == 2


async def test_wrong_credentials_fail_nothing_and_show_nowhere(server, capsys):
    with pytest.raises(ProviderUnknown) as refusal:
        await PayPal(CLIENT, SECRET + "x", WEBHOOK, server.address).create(charge())
    assert SECRET not in str(refusal.value.details) + capsys.readouterr().err


async def test_a_token_that_is_never_believed_is_no_endless_loop(paypal, server):
    server.fail = (401, {"error": "invalid_token"})
    with pytest.raises(ProviderUnknown):
        await paypal.create(charge())
    assert server.tokens_given == 2


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"name": "INTERNAL_SERVER_ERROR"}),
        (503, b""),
        (429, {"name": "RATE_LIMIT_REACHED"}),
        (200, b"<html>"),
        refusal(409, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS", "Wait."),
    ],
)
async def test_no_answer_and_a_tired_server_leave_it_unknown(paypal, server, answer):
    server.fail = answer
    with pytest.raises(ProviderUnknown):
        await paypal.create(charge())
    assert len(server.sent("POST", "/v2/checkout/orders")) == 1


async def test_a_refusal_has_the_reason_in_paypals_words(paypal, server):
    server.fail = refusal(422, "UNPROCESSABLE_ENTITY", "DUPLICATE_INVOICE_ID", "Duplicate Invoice ID detected.")
    with pytest.raises(ProviderRefused) as refused:
        await paypal.create(charge())
    assert refused.value.details == {
        "reason": "Duplicate Invoice ID detected.",
        "provider_code": "DUPLICATE_INVOICE_ID",
    }


async def test_an_amount_that_is_another_is_told_as_it_is(paypal, server):
    asked = charge()
    opened = await paypal.create(asked)
    server.orders[opened.reference]["purchase_units"][0]["amount"] = {"currency_code": "USD", "value": "0.01"}
    found = await paypal.fetch(Subject.CHARGE, asked.payment_id, opened.reference)
    assert found == structs.replace(opened, amount=Money(1, "USD"))
