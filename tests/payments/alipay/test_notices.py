"""Alipay's notices: what is believed, and what they say."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from marketplace.core.money import Money
from marketplace.payments.providers.base import BadSignature, State, Subject
from tests.payments.alipay.fake import APP_ID, as_body, notice

NOW = datetime(2026, 11, 20, 13, 30, 0, tzinfo=UTC)
THERE = NOW.astimezone(ZoneInfo("Asia/Shanghai"))


def a_trade(**changes):
    return {
        "out_trade_no": uuid4().hex, "trade_no": "20261120220014", "trade_status": "TRADE_SUCCESS",
        "total_amount": "2499.99", "gmt_payment": "2026-11-20 21:29:00",
    } | changes  # fmt: skip


async def hear(provider, form, now=NOW):
    [said] = await provider.verify_webhook({}, as_body(form), now)
    return said


async def test_a_paid_trade(provider):
    trade = a_trade()
    said = await hear(provider, notice(trade, THERE))
    assert (said.event_id, said.type, said.created_at) == ("n-1", "TRADE_SUCCESS", NOW)
    assert (said.outcome.subject, said.outcome.state) == (Subject.CHARGE, State.SUCCEEDED)
    assert said.outcome.amount == Money(249_999, "CNY")
    assert (said.outcome.our_id.hex, said.outcome.capture) == (trade["out_trade_no"], trade["trade_no"])
    assert said.outcome.reference == trade["out_trade_no"]


@pytest.mark.parametrize(
    ("trade", "state"),
    [
        (a_trade(trade_status="WAIT_BUYER_PAY", gmt_payment=""), State.REQUIRES_ACTION),
        (a_trade(trade_status="TRADE_FINISHED"), State.SUCCEEDED),
        (a_trade(trade_status="TRADE_CLOSED", gmt_payment=""), State.CANCELLED),
        (a_trade(trade_status="TRADE_CLOSED", gmt_refund="2026-11-20 21:29:30", refund_fee="2499.99"), State.SUCCEEDED),
    ],
)
async def test_the_states_of_a_trade(provider, trade, state):
    assert (await hear(provider, notice(trade, THERE))).outcome.state is state


@pytest.mark.parametrize("seconds", [-299, 0, 299])
async def test_what_is_young_enough(provider, seconds):
    assert (await hear(provider, notice(a_trade(), THERE - timedelta(seconds=seconds)))).outcome


@pytest.mark.parametrize("seconds", [-301, 301, 8 * 3600])
async def test_what_is_too_old_or_from_the_future(provider, seconds):
    with pytest.raises(BadSignature):
        await hear(provider, notice(a_trade(), THERE - timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    "change",
    [
        {"total_amount": "1.00"},
        {"trade_status": "TRADE_FINISHED"},
        {"notify_time": "2026-11-20 21:30:01"},
        {"more": ""},
        {"sign": ""},
        {"sign": "AAAA"},
        {"sign": "not base64!"},
        {"sign_type": "RSA"},
        {"sign_type": ""},
    ],
)
async def test_an_altered_notice(provider, change):
    with pytest.raises(BadSignature):
        await hear(provider, notice(a_trade(), THERE) | change)


async def test_another_key(provider):
    with pytest.raises(BadSignature):
        await hear(provider, notice(a_trade(), THERE, rsa.generate_private_key(65537, 2048)))


async def test_another_app(provider):
    with pytest.raises(BadSignature):
        await hear(provider, notice(a_trade(), THERE, app_id="2021000000000002"))


async def test_a_name_given_twice(provider):
    with pytest.raises(BadSignature):
        await provider.verify_webhook({}, as_body(notice(a_trade(), THERE)) + b"&total_amount=2499.99", NOW)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"a=%FF", b"a&b&c", b"&".join([b"a=1"] * 500)])
async def test_what_is_no_notice(provider, body):
    with pytest.raises(BadSignature):
        await provider.verify_webhook({}, body, NOW)


@pytest.mark.parametrize("change", [{"total_amount": "1.001"}, {"total_amount": "x"}, {"trade_status": "NEW"}])
async def test_one_that_is_signed_and_says_nothing(provider, change):
    with pytest.raises(BadSignature):
        await hear(provider, notice(a_trade(**change), THERE))


async def test_a_trade_of_another_system_does_not_concern_us(provider):
    assert (await hear(provider, notice(a_trade(out_trade_no="ORDER-1"), THERE))).outcome is None
    upper = a_trade(out_trade_no=uuid4().hex.upper().replace("0", "A"))
    assert (await hear(provider, notice(upper, THERE))).outcome is None


@pytest.mark.parametrize(
    ("status", "state"), [("SUCCESS", State.SUCCEEDED), ("FAIL", State.FAILED), ("REFUND", State.RETURNED)]
)
async def test_news_of_a_transfer(provider, status, state):
    payout_id = uuid4()
    content = {"out_biz_no": payout_id.hex, "order_id": "77", "status": status, "trans_amount": "10.50",
               "error_code": "PAYEE_NOT_EXIST", "fail_reason": "gone"}  # fmt: skip
    message = {
        "msg_method": "alipay.fund.trans.order.changed", "biz_content": msgspec.json.encode(content).decode(),
        "utc_timestamp": str(int(NOW.timestamp() * 1000)),
    }  # fmt: skip
    said = await hear(provider, notice(message, THERE))
    assert (said.outcome.subject, said.outcome.our_id, said.outcome.state) == (Subject.PAYOUT, payout_id, state)
    assert said.outcome.amount == Money(1_050, "CNY") and said.created_at == NOW
    assert said.outcome.failure_code == ("account_closed" if status == "FAIL" else "")


async def test_other_messages_are_taken_and_mean_nothing(provider):
    said = await hear(provider, notice({"msg_method": "alipay.open.app.changed"}, THERE))
    assert (said.type, said.outcome) == ("alipay.open.app.changed", None)
    assert APP_ID and provider.reply().body == b"success" and provider.reply().media_type == "text/plain"
