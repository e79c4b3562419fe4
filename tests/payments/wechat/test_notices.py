"""WeChat Pay's notices: what is believed, and what they say."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from marketplace.core.money import Money
from marketplace.payments.providers.base import BadSignature, State, Subject
from tests.payments.wechat.fake import APP, MCH, NEW, NEW_SERIAL, OLD, OLD_SERIAL, a_notice, signed

NOW = datetime(2026, 11, 20, 13, 30, 0, tzinfo=UTC)
AT = NOW.timestamp()
ANOTHER = rsa.generate_private_key(65537, 2048)


def a_trade(**changes):
    return {
        "out_trade_no": uuid4().hex, "mchid": MCH, "appid": APP, "transaction_id": "4200002026", "trade_state": "SUCCESS",
        "trade_type": "NATIVE", "amount": {"total": 249_999, "payer_total": 249_900, "currency": "CNY"},
    } | changes  # fmt: skip


async def hear(provider, body, headers=None, now=NOW):
    [said] = await provider.verify_webhook(headers or signed(body, AT), body, now)
    return said


async def test_a_paid_trade(provider):
    trade = a_trade()
    said = await hear(provider, a_notice("TRANSACTION.SUCCESS", trade))
    assert (said.event_id, said.type, said.created_at) == ("EV-1", "TRANSACTION.SUCCESS", NOW)
    assert (said.outcome.subject, said.outcome.state) == (Subject.CHARGE, State.SUCCEEDED)
    assert said.outcome.amount == Money(249_999, "CNY"), "what was due, whatever coupon the payer had"
    assert (said.outcome.our_id.hex, said.outcome.capture) == (trade["out_trade_no"], "4200002026")


@pytest.mark.parametrize(
    ("word", "state"), [("SUCCESS", State.SUCCEEDED), ("CLOSED", State.FAILED), ("ABNORMAL", State.PROCESSING)]
)
async def test_a_refund(provider, word, state):
    refund_id = uuid4()
    refund = {
        "mchid": MCH, "out_trade_no": uuid4().hex, "out_refund_no": refund_id.hex, "refund_id": "503", "refund_status": word,
        "amount": {"total": 999, "refund": 998, "payer_total": 999, "payer_refund": 998},
    }  # fmt: skip
    said = await hear(provider, a_notice(f"REFUND.{word}", refund))
    assert (said.outcome.subject, said.outcome.our_id, said.outcome.state) == (Subject.REFUND, refund_id, state)
    assert (said.outcome.amount, said.outcome.reference) == (Money(998, "CNY"), "503")


@pytest.mark.parametrize(
    ("word", "state"), [("SUCCESS", State.SUCCEEDED), ("FAIL", State.FAILED), ("CANCELLED", State.FAILED)]
)
async def test_a_transfer(provider, word, state):
    payout_id = uuid4()
    bill = {
        "out_bill_no": payout_id.hex,
        "transfer_bill_no": "133",
        "state": word,
        "mch_id": MCH,
        "transfer_amount": 2_000,
    }
    said = await hear(provider, a_notice("MCHTRANSFER.BILL.FINISHED", bill))
    assert (said.outcome.subject, said.outcome.our_id, said.outcome.state) == (Subject.PAYOUT, payout_id, state)
    assert (said.outcome.amount, said.outcome.reference) == (Money(2_000, "CNY"), "133")


@pytest.mark.parametrize("seconds", [-299, 0, 299])
async def test_what_is_young_enough(provider, seconds):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    assert (await hear(provider, body, signed(body, AT - seconds))).outcome


@pytest.mark.parametrize("seconds", [-301, 301, 8 * 3600])
async def test_what_is_too_old_or_from_the_future(provider, seconds):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    with pytest.raises(BadSignature):
        await hear(provider, body, signed(body, AT - seconds))


@pytest.mark.parametrize(("key", "serial"), [(OLD, OLD_SERIAL), (NEW, NEW_SERIAL)])
async def test_either_of_its_two_keys(provider, key, serial):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    assert (await hear(provider, body, signed(body, AT, key, serial))).outcome


@pytest.mark.parametrize(("key", "serial"), [(ANOTHER, OLD_SERIAL), (NEW, OLD_SERIAL), (OLD, "RETIRED")])
async def test_any_other_key(provider, key, serial):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    with pytest.raises(BadSignature):
        await hear(provider, body, signed(body, AT, key, serial))


@pytest.mark.parametrize(
    "change",
    [
        {"wechatpay-timestamp": str(int(AT) + 1)}, {"wechatpay-timestamp": "soon"}, {"wechatpay-timestamp": ""},
        {"wechatpay-timestamp": "9" * 30}, {"wechatpay-nonce": "another"}, {"wechatpay-signature": "AAAA"},
        {"wechatpay-signature": "WECHATPAY/SIGNTEST/AAAA"}, {"wechatpay-signature": ""}, {"wechatpay-serial": ""},
    ],
)  # fmt: skip
async def test_altered_headers(provider, change):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    with pytest.raises(BadSignature):
        await hear(provider, body, signed(body, AT) | change)


async def test_an_altered_body(provider):
    body = a_notice("TRANSACTION.SUCCESS", a_trade())
    for other in (body.replace(b"EV-1", b"EV-2"), body + b" ", b"", a_notice("TRANSACTION.SUCCESS", a_trade())):
        with pytest.raises(BadSignature):
            await hear(provider, other, signed(body, AT))
    with pytest.raises(BadSignature):
        await provider.verify_webhook({}, body, NOW)


@pytest.mark.parametrize(
    "body",
    [
        a_notice("TRANSACTION.SUCCESS", a_trade(), key="f" * 32),
        a_notice("TRANSACTION.SUCCESS", a_trade(), associated_data="refund"),
        a_notice("TRANSACTION.SUCCESS", a_trade(), nonce="short"),
        a_notice("TRANSACTION.SUCCESS", a_trade(), ciphertext="?"),
        a_notice("TRANSACTION.SUCCESS", a_trade(), algorithm="NONE"),
        a_notice("TRANSACTION.SUCCESS", a_trade(mchid="1900000002")),
        a_notice("TRANSACTION.SUCCESS", a_trade(appid="wx2")),
        a_notice("TRANSACTION.SUCCESS", a_trade(trade_state="NEW")),
        a_notice("TRANSACTION.SUCCESS", a_trade(amount={"total": 1.5})),
        a_notice("TRANSACTION.SUCCESS", a_trade(amount={"total": 1, "currency": "USD"})),
        b"{}",
        b"\xff",
        b"",
    ],
    ids=range(13),
)
async def test_one_that_is_signed_and_makes_no_sense(provider, body):
    with pytest.raises(BadSignature):
        await hear(provider, body)


async def test_what_does_not_concern_us_is_taken(provider):
    for type_, content in {
        "TRANSACTION.SUCCESS": a_trade(out_trade_no="ORDER-1"),
        "COMPLAINT.CREATE": a_trade(),
    }.items():
        assert (await hear(provider, a_notice(type_, content))).outcome is None
    assert msgspec.json.decode(provider.reply().body)["code"] == "SUCCESS"
    assert provider.reply().media_type == "application/json"
