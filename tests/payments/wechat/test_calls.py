"""WeChat Pay's calls against an API that verifies what we sign: states, exact amounts, repetition, lost replies, its keys."""

import time
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from marketplace.core.config import ConfigError
from marketplace.core.money import Money
from marketplace.payments import providers
from marketplace.payments.providers import wechat
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
from tests.payments.wechat.fake import NEW, NEW_SERIAL, OLD_SERIAL, Failed

YUAN = "CNY"


def a_charge(minor=12_345, method="", currency=YUAN, payer_ip="203.0.113.9"):
    return Charge(
        payment_id=uuid4(), amount=Money(minor, currency), description="一件物品" * 50, method=method, payer_ip=payer_ip,
        notify_url="https://shop.example/api/v1/webhooks/wechat/",
    )  # fmt: skip


def a_repayment(charge, minor, refund_id=None):
    return Repayment(
        refund_id=refund_id or uuid4(), payment_id=charge.payment_id, reference=charge.payment_id.hex, capture="",
        charged=charge.amount, amount=Money(minor, YUAN), reason="坏了",
    )  # fmt: skip


def a_transfer(minor=10_001, to="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", name="张三"):
    return Transfer(payout_id=uuid4(), amount=Money(minor, YUAN), destination=to, recipient_name=name)


async def paid(provider, fake, minor=12_345):
    charge = a_charge(minor)
    await provider.create(charge)
    fake.pay(charge.payment_id.hex)
    return charge


@pytest.mark.parametrize(("method", "kind"), [("", "qr"), ("native", "qr"), ("qr", "qr"), ("h5", "redirect")])
async def test_where_to_pay(provider, fake, method, kind):
    charge = a_charge(method=method)
    outcome = await provider.create(charge)
    assert (outcome.state, outcome.action_kind, outcome.amount) == (State.REQUIRES_ACTION, kind, charge.amount)
    assert outcome.action_url.startswith("weixin://" if kind == "qr" else "https://wx.tenpay.com/")
    order = fake.orders[charge.payment_id.hex]
    assert order["amount"] == {"total": 12_345, "currency": "CNY"} and len(order["description"]) == 127
    if method == "h5":
        assert order["scene_info"] == {"payer_client_ip": "203.0.113.9", "h5_info": {"type": "Wap"}}
    assert await provider.create(charge) == outcome and len(fake.trades) == 1


async def test_what_it_cannot_do(provider, fake):
    for charge in (a_charge(currency="USD"), a_charge(method="card"), a_charge(method="h5", payer_ip="")):
        with pytest.raises(ProviderRefused):
            await provider.create(charge)
    assert fake.targets == []


@pytest.mark.parametrize("minor", [1, 99, 100, 101, 999_999_999_99])
async def test_amounts_are_exact_both_ways(provider, fake, minor):
    charge = await paid(provider, fake, minor)
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).amount == Money(minor, YUAN)
    assert fake.orders[charge.payment_id.hex]["amount"]["total"] == minor


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NOTPAY", State.REQUIRES_ACTION), ("USERPAYING", State.PROCESSING), ("ACCEPT", State.PROCESSING),
        ("SUCCESS", State.SUCCEEDED), ("REFUND", State.SUCCEEDED), ("CLOSED", State.CANCELLED),
        ("REVOKED", State.CANCELLED), ("PAYERROR", State.FAILED),
    ],
)  # fmt: skip
async def test_the_states_of_a_trade(provider, fake, word, state):
    charge = await paid(provider, fake)
    fake.trades[charge.payment_id.hex]["trade_state"] = word
    found = await provider.fetch(Subject.CHARGE, charge.payment_id)
    assert (found.state, found.our_id, found.reference) == (state, charge.payment_id, charge.payment_id.hex)
    assert found.capture == "4200002026" and bool(found.failure_code) == (state is State.FAILED)


@pytest.mark.parametrize(
    "change", [{"trade_state": "NEW"}, {"mchid": "1900000002"}, {"out_trade_no": "0" * 32}, {"amount": {"total": "1"}},
               {"amount": {"total": 1, "currency": "HKD"}}, {"amount": {"total": -1}}],
)  # fmt: skip
async def test_what_makes_no_sense_is_no_answer(provider, fake, change):
    charge = await paid(provider, fake)
    fake.trades[charge.payment_id.hex] |= change
    with pytest.raises(ProviderUnknown):
        await provider.fetch(Subject.CHARGE, charge.payment_id)


async def test_what_it_does_not_know_is_none(provider):
    for subject in (Subject.CHARGE, Subject.REFUND, Subject.PAYOUT):
        assert await provider.fetch(subject, uuid4()) is None
    with pytest.raises(NotSupported):
        await provider.fetch(Subject.DISPUTE, uuid4())


async def test_confirming_looks_whether_it_is_paid(provider, fake):
    charge = a_charge()
    asked = await provider.confirm(charge, "")
    assert asked.action_url and (await provider.confirm(charge, asked.reference)).action_url == asked.action_url
    fake.trades[charge.payment_id.hex]["trade_state"] = "USERPAYING"
    assert (await provider.confirm(charge, asked.reference)).state is State.PROCESSING
    fake.pay(charge.payment_id.hex)
    assert (await provider.confirm(charge, asked.reference)).state is State.SUCCEEDED


async def test_one_that_is_paid_or_closed_is_not_asked_for_again(provider, fake):
    charge = await paid(provider, fake)
    assert (await provider.create(charge)).state is State.SUCCEEDED
    fake.trades[charge.payment_id.hex]["trade_state"] = "CLOSED"
    assert (await provider.create(charge)).state is State.CANCELLED


async def test_a_number_used_for_something_else_is_refused(provider, fake):
    charge = a_charge()
    await provider.create(charge)
    other = Charge(payment_id=charge.payment_id, amount=Money(1, YUAN), description="", notify_url=charge.notify_url)
    with pytest.raises(ProviderRefused):
        await provider.create(other)


async def test_cancelling(provider, fake):
    charge = a_charge()
    await provider.create(charge)
    for _ in range(2):
        assert (await provider.cancel(charge.payment_id, "")).state is State.CANCELLED
    late = await paid(provider, fake)
    assert (await provider.cancel(late.payment_id, "")).state is State.SUCCEEDED
    assert (await provider.cancel(uuid4(), "")).state is State.CANCELLED
    stubborn = a_charge()
    await provider.create(stubborn)
    fake.fail = Failed(400, "INVALID_REQUEST")
    with pytest.raises(ProviderRefused):
        await provider.cancel(stubborn.payment_id, "")


async def test_refunds_in_parts_each_once(provider, fake):
    charge = await paid(provider, fake)
    first, rest = a_repayment(charge, 2_345), a_repayment(charge, 10_000)
    begun = await provider.refund(first)
    assert (begun.state, begun.amount, begun.our_id) == (State.PROCESSING, Money(2_345, YUAN), first.refund_id)
    assert await provider.refund(first) == begun == await provider.fetch(Subject.REFUND, first.refund_id)
    assert (await provider.refund(rest)).amount == Money(10_000, YUAN)
    fake.refunds[first.refund_id.hex]["status"] = "SUCCESS"
    done = await provider.fetch(Subject.REFUND, first.refund_id)
    assert (done.state, done.reference) == (State.SUCCEEDED, begun.reference)
    assert [one["amount"]["refund"] for one in fake.refunds.values()] == [2_345, 10_000]
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).state is State.SUCCEEDED


async def test_refunds_that_fail(provider, fake):
    charge = await paid(provider, fake)
    too_much = await provider.refund(a_repayment(charge, 12_346))
    assert (too_much.state, too_much.failure_code) == (State.FAILED, "provider_error")
    fake.fail = Failed(403, "NOT_ENOUGH")
    assert (await provider.refund(a_repayment(charge, 1))).failure_code == "insufficient_funds"
    fake.fail = Failed(400, "PARAM_ERROR")
    with pytest.raises(ProviderRefused):
        await provider.refund(a_repayment(charge, 1))
    assert fake.refunds == {}
    first = a_repayment(charge, 5)
    await provider.refund(first)
    again = await provider.refund(a_repayment(charge, 6, first.refund_id))
    assert (again.state, again.amount) == (State.PROCESSING, Money(5, YUAN)), "it is still the first"


@pytest.mark.parametrize(("word", "state"), [("CLOSED", State.FAILED), ("ABNORMAL", State.PROCESSING)])
async def test_refunds_that_get_stuck(provider, fake, word, state):
    charge, fake.refund_status = await paid(provider, fake), word
    outcome = await provider.refund(a_repayment(charge, 5))
    assert (outcome.state, outcome.failure_code) == (state, "provider_error")


async def test_a_payout_waits_for_the_payee_and_is_made_once(provider, fake):
    transfer = a_transfer()
    first = await provider.payout(transfer)
    assert (first.state, first.action_kind, first.amount) == (State.PROCESSING, "wechat_transfer", transfer.amount)
    assert first.client_secret
    assert (await provider.payout(transfer)).reference == first.reference
    [bill] = fake.bills.values()
    assert (bill["transfer_amount"], bill["user_name"], bill["openid"]) == (10_001, "张三", transfer.destination)
    bill["state"] = "SUCCESS"
    for again in (await provider.fetch(Subject.PAYOUT, transfer.payout_id), await provider.payout(transfer)):
        assert (again.state, again.reference, again.amount) == (State.SUCCEEDED, first.reference, transfer.amount)
        assert again.client_secret == again.action_kind == ""


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ACCEPTED", State.PROCESSING), ("PROCESSING", State.PROCESSING), ("TRANSFERING", State.PROCESSING),
        ("CANCELING", State.PROCESSING), ("CANCELLED", State.FAILED), ("FAIL", State.FAILED),
    ],
)  # fmt: skip
async def test_the_states_of_a_payout(provider, fake, word, state):
    transfer = a_transfer(minor=29)
    fake.bill_state = word
    assert (await provider.payout(transfer)).state is state
    fake.bills[transfer.payout_id.hex]["fail_reason"] = "OVERDUE_CLOSE"
    found = await provider.fetch(Subject.PAYOUT, transfer.payout_id)
    assert (found.state, found.failure_code) == (state, "expired" if state is State.FAILED else "")
    assert fake.bills[transfer.payout_id.hex]["user_name"] == "", "too little to name the payee"


async def test_payouts_that_are_refused(provider, fake):
    outcome = await provider.payout(a_transfer(to="nobody"))
    assert (outcome.state, outcome.failure_code) == (State.FAILED, "account_closed")
    transfer = a_transfer()
    await provider.payout(transfer)
    more = Transfer(payout_id=transfer.payout_id, amount=Money(1, YUAN), destination=transfer.destination)
    assert (await provider.payout(more)).amount == transfer.amount, "it is still the first"
    with pytest.raises(ProviderRefused):
        await provider.payout(Transfer(payout_id=uuid4(), amount=Money(1, "USD"), destination="x"))


async def test_a_lost_reply_is_asked_for_again_and_has_one_effect(provider, fake, line):
    charge, transfer = a_charge(), a_transfer()
    for call in (lambda: provider.create(charge), lambda: provider.payout(transfer)):
        line.drop = 1
        with pytest.raises(ProviderUnknown):
            await call()
        assert (await call()).our_id
    fake.pay(charge.payment_id.hex)
    repayment = a_repayment(charge, 100)
    line.drop = 1
    with pytest.raises(ProviderUnknown):
        await provider.refund(repayment)
    assert (await provider.fetch(Subject.REFUND, repayment.refund_id)).amount == repayment.amount
    await provider.refund(repayment)
    assert (len(fake.trades), len(fake.refunds), len(fake.bills)) == (1, 1, 1)
    late = a_charge()
    await provider.create(late)
    line.drop = 1
    with pytest.raises(ProviderUnknown):
        await provider.cancel(late.payment_id, "")
    assert (await provider.cancel(late.payment_id, "")).state is State.CANCELLED


@pytest.mark.parametrize(("status", "code"), [(500, "SYSTEM_ERROR"), (429, "FREQUENCY_LIMITED"), (400, "SYSTEMERROR")])
async def test_when_wechat_does_not_know_neither_do_we(provider, fake, status, code):
    fake.fail = Failed(status, code)
    with pytest.raises(ProviderUnknown):
        await provider.create(a_charge())


async def test_a_refusal_says_why(provider, fake):
    fake.fail = Failed(401, "SIGN_ERROR")
    with pytest.raises(ProviderRefused) as refused:
        await provider.create(a_charge())
    assert refused.value.details["reason"] == "SIGN_ERROR"


async def test_either_of_its_two_keys_may_sign(provider, fake):
    charge = await paid(provider, fake)
    fake.key, fake.serial = NEW, NEW_SERIAL
    assert (await provider.fetch(Subject.CHARGE, charge.payment_id)).state is State.SUCCEEDED


@pytest.mark.parametrize(
    "change",
    [
        {"key": NEW}, {"serial": NEW_SERIAL}, {"serial": "RETIRED"}, {"unsigned": True},
        {"key": rsa.generate_private_key(65537, 2048)}, {"alter": (b"SUCCESS", b"CLOSED")}, {"alter": (b":12345", b":12346")},
        {"signs_at": time.time() - 400}, {"signs_at": time.time() + 3600},
    ],
    ids=lambda change: "-".join(change),
)  # fmt: skip
async def test_an_answer_that_wechat_did_not_sign_is_none(provider, fake, change):
    charge = await paid(provider, fake)
    for name, value in change.items():
        setattr(fake, name, value)
    with pytest.raises(ProviderUnknown):
        await provider.fetch(Subject.CHARGE, charge.payment_id)


async def test_a_refusal_that_wechat_did_not_sign_is_none_either(provider, fake):
    fake.unsigned, fake.fail = True, Failed(403, "NOT_ENOUGH")
    with pytest.raises(ProviderUnknown):
        await provider.payout(a_transfer())
    assert len(fake.targets) == 1


def test_it_is_offered_where_it_is_configured(provider, configure):
    assert isinstance(provider, Provider) and providers.available()["wechat"] is provider
    for wrong in (
        {"wechat_platform_keys": "no key"}, {"wechat_platform_keys": f"{OLD_SERIAL}=/nowhere"}, {"wechat_api_v3_key": "short"},
        {"wechat_private_key": ""},
    ):  # fmt: skip
        configure(**wrong)
        [name] = wrong
        with pytest.raises(ConfigError, match=f"MARKETPLACE_{name.upper()}"):
            wechat.make()
    configure(wechat_mch_id="")
    assert wechat.make() is None and "wechat" not in providers.available()
