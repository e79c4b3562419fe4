"""Alipay's calls against a gateway that verifies what we sign: states, exact amounts, repetition, lost replies."""

import re
from datetime import datetime, timedelta
from hashlib import md5
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from marketplace.core import clock
from marketplace.core.config import ConfigError
from marketplace.core.money import Money
from marketplace.payments import providers
from marketplace.payments.providers import alipay
from marketplace.payments.providers.base import (
    Charge,
    NotSupported,
    Provider,
    ProviderRefused,
    ProviderUnknown,
    Repayment,
    State,
    Subject,
    Transfer,
)
from tests.payments.alipay.fake import ALIPAYS, OURS, Failed, FakeAlipay, sign

YUAN = "CNY"


def a_charge(minor=12_345, method="", currency=YUAN):
    return Charge(
        payment_id=uuid4(), amount=Money(minor, currency), description="A vase / blue & white=old", method=method,
        return_url="https://shop.example/done?a=1&b=2", notify_url="https://shop.example/api/v1/webhooks/alipay/",
    )  # fmt: skip


def a_repayment(charge, minor, **more):
    return Repayment(
        refund_id=uuid4(), payment_id=charge.payment_id, reference=charge.payment_id.hex, capture="", charged=charge.amount,
        amount=Money(minor, YUAN), reason="broken", **more,
    )  # fmt: skip


async def paid(provider, fake, minor=12_345):
    charge = a_charge(minor, "qr")
    await provider.create(charge)
    fake.pay(charge.payment_id.hex)
    return charge


async def test_a_page_to_pay_at_is_an_address_that_we_signed(provider, fake):
    charge = a_charge()
    outcome = await provider.create(charge)
    assert (outcome.state, outcome.action_kind, outcome.amount) == (State.REQUIRES_ACTION, "redirect", charge.amount)
    assert fake.methods == [], "Alipay hears of it from the payer"
    content = fake.open_page(outcome.action_url)
    assert content["out_trade_no"] == charge.payment_id.hex == outcome.reference
    assert content["total_amount"] == "123.45"
    assert content["subject"] == "A vase blue white old"
    assert (fake.last["return_url"], fake.last["notify_url"]) == (charge.return_url, charge.notify_url)
    ends = datetime.strptime(content["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert timedelta(minutes=28) < ends - clock.now() < timedelta(minutes=31)


async def test_an_altered_page_is_not_ours(provider, fake):
    address = (await provider.create(a_charge())).action_url
    with pytest.raises(InvalidSignature):
        fake.open_page(address.replace("123.45", "1.45"))


async def test_a_code_to_scan(provider, fake):
    charge = a_charge(method="qr")
    outcome = await provider.create(charge)
    assert (outcome.state, outcome.action_kind) == (State.REQUIRES_ACTION, "qr")
    assert outcome.action_url == f"https://qr.alipay.com/{charge.payment_id.hex}"
    assert fake.last["notify_url"] == charge.notify_url
    assert (await provider.create(charge)).action_url == outcome.action_url
    fake.pay(charge.payment_id.hex)
    again = await provider.create(charge)
    assert (again.state, again.amount, len(fake.trades)) == (State.SUCCEEDED, charge.amount, 1)


@pytest.mark.parametrize("minor", [1, 10, 99, 100, 101, 999_999_999_99])
async def test_amounts_are_exact_both_ways(provider, fake, minor):
    charge = await paid(provider, fake, minor)
    found = await provider.fetch(Subject.CHARGE, charge.payment_id)
    assert found.amount == charge.amount == Money(minor, YUAN)
    assert re.fullmatch(r"\d+\.\d\d", fake.trades[charge.payment_id.hex]["total_amount"])


async def test_only_yuan_and_only_the_methods_there_are(provider, fake):
    for charge in (a_charge(currency="USD"), a_charge(method="card")):
        with pytest.raises(ProviderRefused):
            await provider.create(charge)
    assert fake.methods == []


@pytest.mark.parametrize(
    ("status", "more", "state"),
    [
        ("WAIT_BUYER_PAY", {}, State.REQUIRES_ACTION),
        ("TRADE_SUCCESS", {"send_pay_date": "2026-11-20 21:00:00"}, State.SUCCEEDED),
        ("TRADE_FINISHED", {"send_pay_date": "2026-11-20 21:00:00"}, State.SUCCEEDED),
        ("TRADE_CLOSED", {}, State.CANCELLED),
        ("TRADE_CLOSED", {"send_pay_date": "2026-11-20 21:00:00"}, State.SUCCEEDED),
    ],
)
async def test_the_states_of_a_trade(provider, fake, status, more, state):
    charge = a_charge(method="qr")
    await provider.create(charge)
    fake.trades[charge.payment_id.hex] |= {"trade_status": status} | more
    found = await provider.fetch(Subject.CHARGE, charge.payment_id)
    assert (found.state, found.our_id, found.reference) == (state, charge.payment_id, charge.payment_id.hex)
    assert found.capture == fake.trades[charge.payment_id.hex]["trade_no"]


async def test_a_word_that_is_new_to_us_is_no_answer(provider, fake):
    charge = await paid(provider, fake)
    fake.trades[charge.payment_id.hex]["trade_status"] = "TRADE_PENDING"
    with pytest.raises(ProviderUnknown):
        await provider.fetch(Subject.CHARGE, charge.payment_id)


async def test_what_it_does_not_know_is_none(provider):
    assert await provider.fetch(Subject.CHARGE, uuid4()) is None
    assert await provider.fetch(Subject.PAYOUT, uuid4()) is None
    assert await provider.fetch(Subject.REFUND, uuid4(), uuid4().hex) is None
    with pytest.raises(NotSupported):
        await provider.fetch(Subject.DISPUTE, uuid4())


async def test_confirming_looks_whether_it_is_paid(provider, fake):
    charge = a_charge()
    asked = await provider.confirm(charge, "")
    assert (asked.state, asked.action_kind) == (State.REQUIRES_ACTION, "redirect")
    fake.open_page(asked.action_url)
    assert (await provider.confirm(charge, asked.reference)).action_url
    fake.pay(charge.payment_id.hex)
    assert (await provider.confirm(charge, asked.reference)).state is State.SUCCEEDED


async def test_cancelling_closes_and_never_gives_back_unasked(provider, fake):
    charge = a_charge(method="qr")
    await provider.create(charge)
    for _ in range(2):
        assert (await provider.cancel(charge.payment_id, "")).state is State.CANCELLED
    late = await paid(provider, fake)
    assert (await provider.cancel(late.payment_id, "")).state is State.SUCCEEDED
    assert (await provider.cancel(uuid4(), "")).state is State.CANCELLED
    assert "alipay.trade.cancel" not in fake.methods


async def test_refunds_in_parts_each_once(provider, fake):
    charge = await paid(provider, fake)
    first, rest = a_repayment(charge, 2_345), a_repayment(charge, 10_000)
    done = await provider.refund(first)
    assert (done.state, done.amount, done.our_id) == (State.SUCCEEDED, Money(2_345, YUAN), first.refund_id)
    again = await provider.refund(first)
    assert (again.state, again.amount, again.reference) == (State.SUCCEEDED, done.amount, done.reference)
    assert (await provider.refund(rest)).amount == Money(10_000, YUAN)
    assert list(fake.refunds.values()) == ["23.45", "100.00"]
    for reference in (done.reference, charge.payment_id.hex):
        assert await provider.fetch(Subject.REFUND, first.refund_id, reference) == done
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).state is State.SUCCEEDED, "closed, for it was paid"


async def test_a_refund_that_is_too_large_has_failed(provider, fake):
    charge = await paid(provider, fake)
    outcome = await provider.refund(a_repayment(charge, 12_346))
    assert (outcome.state, outcome.failure_code) == (State.FAILED, "provider_error") and outcome.failure_message
    fake.fail = Failed("ACQ.SELLER_BALANCE_NOT_ENOUGH")
    assert (await provider.refund(a_repayment(charge, 1))).failure_code == "insufficient_funds"
    assert fake.refunds == {}


async def test_the_same_refund_with_another_amount_is_still_the_first(provider, fake):
    charge = await paid(provider, fake)
    first = a_repayment(charge, 2_345)
    await provider.refund(first)
    other = Repayment(
        refund_id=first.refund_id, payment_id=charge.payment_id, reference="", capture="", amount=Money(1, YUAN),
        charged=charge.amount,
    )  # fmt: skip
    outcome = await provider.refund(other)
    assert (outcome.state, outcome.amount) == (State.SUCCEEDED, Money(2_345, YUAN))


async def test_a_refund_that_takes_time(provider, fake):
    charge, fake.slow_refunds = await paid(provider, fake), True
    repayment = a_repayment(charge, 5)
    outcome = await provider.refund(repayment)
    assert (outcome.state, outcome.amount) == (State.PROCESSING, Money(5, YUAN))
    fake.slow_refunds = False
    assert (await provider.fetch(Subject.REFUND, repayment.refund_id, outcome.reference)).state is State.SUCCEEDED
    assert await provider.fetch(Subject.REFUND, repayment.refund_id) is None
    assert (await provider.refund(repayment)).state is State.SUCCEEDED and len(fake.refunds) == 1


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        ("2088123456789012", "ALIPAY_USER_ID"),
        ("someone@example.com", "ALIPAY_LOGON_ID"),
        ("13800138000", "ALIPAY_LOGON_ID"),
        ("074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5", "ALIPAY_OPEN_ID"),
    ],
)
async def test_a_payout_is_made_once(provider, fake, destination, kind):
    transfer = Transfer(payout_id=uuid4(), amount=Money(10_001, YUAN), destination=destination, recipient_name="张三")
    first, again = await provider.payout(transfer), await provider.payout(transfer)
    assert first == again and first.state is State.SUCCEEDED and first.amount == transfer.amount
    [kept] = fake.transfers.values()
    assert kept["trans_amount"] == "100.01"
    assert kept["payee"] == {"identity": destination, "identity_type": kind, "name": "张三"}
    assert await provider.fetch(Subject.PAYOUT, transfer.payout_id) == first


async def test_payouts_that_fail_or_come_back(provider, fake):
    nobody = Transfer(payout_id=uuid4(), amount=Money(1, YUAN), destination="nobody@example.com")
    outcome = await provider.payout(nobody)
    assert (outcome.state, outcome.failure_code, outcome.amount) == (State.FAILED, "account_closed", nobody.amount)
    transfer = Transfer(payout_id=uuid4(), amount=Money(7, YUAN), destination="2088123456789012")
    fake.transfer_status = "DEALING"
    assert (await provider.payout(transfer)).state is State.PROCESSING
    kept = fake.transfers[transfer.payout_id.hex]
    kept |= {"status": "FAIL", "error_code": "PAYEE_CARD_INFO_ERROR", "fail_reason": "no such account"}
    failed = await provider.fetch(Subject.PAYOUT, transfer.payout_id)
    assert (failed.state, failed.failure_code) == (State.FAILED, "account_closed")
    kept["status"] = "REFUND"
    assert (await provider.fetch(Subject.PAYOUT, transfer.payout_id)).state is State.RETURNED
    with pytest.raises(ProviderRefused):
        await provider.payout(Transfer(payout_id=uuid4(), amount=Money(7, "USD"), destination="x"))


async def test_a_lost_reply_is_asked_for_again_and_has_one_effect(provider, fake, line):
    charge = a_charge(method="qr")
    transfer = Transfer(payout_id=uuid4(), amount=Money(9, YUAN), destination="2088123456789012")
    line.drop = 1
    with pytest.raises(ProviderUnknown):
        await provider.create(charge)
    assert (await provider.create(charge)).action_url and len(fake.trades) == 1
    fake.pay(charge.payment_id.hex)
    repayment = a_repayment(charge, 100)
    line.drop = 1
    with pytest.raises(ProviderUnknown):
        await provider.refund(repayment)
    assert (await provider.refund(repayment)).state is State.SUCCEEDED
    assert list(fake.refunds.values()) == ["1.00"]
    line.drop = 1
    with pytest.raises(ProviderUnknown):
        await provider.payout(transfer)
    assert (await provider.fetch(Subject.PAYOUT, transfer.payout_id)).state is State.SUCCEEDED
    assert (await provider.payout(transfer)).state is State.SUCCEEDED and len(fake.transfers) == 1


@pytest.mark.parametrize("failed", [Failed("ACQ.SYSTEM_ERROR"), Failed("aop.unknow-error", "20000")])
async def test_when_alipay_does_not_know_neither_do_we(provider, fake, failed):
    charge, fake.fail = a_charge(method="qr"), failed
    with pytest.raises(ProviderUnknown):
        await provider.create(charge)


async def test_a_refusal_says_why(provider, fake):
    fake.fail = Failed("isv.insufficient-isv-permissions", "40006")
    with pytest.raises(ProviderRefused) as refused:
        await provider.create(a_charge(method="qr"))
    assert refused.value.details["reason"] == "isv.insufficient-isv-permissions"


ANOTHER = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "render",
    [
        lambda node, content: b'{"%s":%s}' % (node.encode(), content),
        lambda node, content: b'{"%s":%s,"sign":"%s"}' % (node.encode(), content, sign(content, ANOTHER).encode()),
        lambda node, content: FakeAlipay.signed(node, content).replace(b"TRADE_SUCCESS", b"TRADE_CLOSED"),
        lambda node, content: FakeAlipay.signed(node, content).replace(b'"trade_no"', b' "trade_no"'),
        lambda node, content: FakeAlipay.signed("other_response", content),
        lambda node, content: b"<html>busy</html>",
        lambda node, content: b"",
    ],
    ids=["unsigned", "wrong key", "altered", "other bytes", "other method", "no JSON", "nothing"],
)
async def test_an_answer_that_alipay_did_not_sign_is_none(provider, fake, render):
    charge = await paid(provider, fake)
    fake.render = render
    with pytest.raises(ProviderUnknown):
        await provider.fetch(Subject.CHARGE, charge.payment_id)


@pytest.mark.parametrize(
    "written",
    [
        lambda c: c.replace(b"\xe4\xb8\x8d", b"\\u4e0d"),
        lambda c: c.replace(b'":', b'" : '),
        lambda c: b'{"code":"10000","nested":{"sign":"}{"},' + c[1:],
    ],
)
async def test_the_signature_is_over_the_bytes_as_they_came(provider, fake, written):
    charge = await paid(provider, fake)
    fake.trades[charge.payment_id.hex]["buyer"] = "不"
    fake.render = lambda node, content: FakeAlipay.signed(node, written(content))
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).state is State.SUCCEEDED


async def test_slashes_that_were_escaped_after_signing(provider, fake):
    charge = await paid(provider, fake)
    fake.trades[charge.payment_id.hex]["page"] = "https://example"
    fake.render = lambda node, content: FakeAlipay.signed(node, content).replace(b"https://ex", b"https:\\/\\/ex")
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).state is State.SUCCEEDED


async def test_an_answer_about_another_trade_is_none(provider, fake):
    one, other = await paid(provider, fake), await paid(provider, fake)
    fake.trades[one.payment_id.hex] = fake.trades[other.payment_id.hex]
    with pytest.raises(ProviderUnknown):
        await provider.fetch(Subject.CHARGE, one.payment_id)


def a_certificate(name, key):
    issuer = x509.Name.from_rfc4514_string(f"CN={name},O=Ant,C=CN")
    return (
        x509.CertificateBuilder().subject_name(issuer).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(clock.now()).not_valid_after(clock.now())
        .sign(key, hashes.SHA256())
    )  # fmt: skip


async def test_certificates_are_named_where_the_app_signs_with_them(fake, line, configure, tmp_path):
    ours, alipays = a_certificate("Us", OURS), a_certificate("Alipay", ALIPAYS)
    roots = [a_certificate("R1", ANOTHER), a_certificate("E", ec.generate_private_key(ec.SECP256R1())), alipays]
    for name, chain in {"app": [ours], "root": roots, "public": [alipays]}.items():
        (tmp_path / name).write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    configure(
        alipay_app_certificate=tmp_path / "app", alipay_root_certificate=tmp_path / "root",
        alipay_public_key=tmp_path / "public",
    )  # fmt: skip
    assert await alipay.make().fetch(Subject.CHARGE, uuid4()) is None

    def named(name, certificate):
        return md5(f"CN={name},O=Ant,C=CN{certificate.serial_number}".encode()).hexdigest()

    assert fake.last["app_cert_sn"] == named("Us", ours)
    assert fake.last["alipay_root_cert_sn"] == f"{named('R1', roots[0])}_{named('Alipay', alipays)}"
    configure(alipay_root_certificate="")
    with pytest.raises(ConfigError, match="MARKETPLACE_ALIPAY_ROOT_CERTIFICATE"):
        alipay.make()


def test_it_is_offered_where_it_is_configured(provider, configure):
    assert isinstance(provider, Provider) and providers.available()["alipay"] is provider
    configure(alipay_public_key="c29tZXRoaW5n")
    with pytest.raises(ConfigError, match="MARKETPLACE_ALIPAY_PUBLIC_KEY"):
        alipay.make()
    configure(alipay_private_key="")
    with pytest.raises(ConfigError, match="MARKETPLACE_ALIPAY_PRIVATE_KEY"):
        alipay.make()
    configure(alipay_app_id="")
    assert alipay.make() is None and "alipay" not in providers.available()
