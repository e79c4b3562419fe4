"""Refunds, payouts and disputes."""

import pytest

from marketplace.core.errors import Conflict
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.states import IllegalTransition
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown, State, Subject, Transfer
from marketplace.payments.providers.sandbox import magic, money_out
from tests.payments.sandbox.paying import (
    SANDBOX,
    a_charge,
    a_paid_charge,
    a_repayment,
    a_transfer,
    later,
    state_of,
    told,
    usd,
)

pytestmark = pytest.mark.usefixtures("tables")


@pytest.mark.parametrize(
    ("minor", "at_once", "at_last"),
    [
        (1_000, "succeeded", "succeeded"),
        (7721, "failed", "failed"),
        (7722, "processing", "failed"),
        (7723, "processing", "succeeded"),
        (7724, "succeeded", "failed"),
    ],
)
async def test_what_becomes_of_a_refund(minor, at_once, at_last):
    charge, paid = await a_paid_charge()
    repayment = a_repayment(charge, minor)
    said = await SANDBOX.refund(repayment)
    assert (said.state, said.our_id, said.capture, said.amount) == (
        at_once,
        repayment.refund_id,
        paid.reference,
        usd(minor),
    )
    await later()
    assert await state_of(Subject.REFUND, repayment.refund_id) == at_last
    assert (await told())[1:] == [f"refund.{state}" for state in dict.fromkeys((at_once, at_last))]


async def test_refunds_never_pass_the_charge_and_one_that_failed_does_not_count():
    charge, _ = await a_paid_charge(10_000)
    await SANDBOX.refund(a_repayment(charge, 7722))
    with pytest.raises(ProviderRefused) as refused:
        await SANDBOX.refund(a_repayment(charge, 2_279))
    assert refused.value.details["reason"] == "refund_too_large"
    await SANDBOX.refund(a_repayment(charge, 2_278))
    await later()
    await SANDBOX.refund(a_repayment(charge, 7_722 - 22))


async def test_a_refund_is_made_once():
    charge, _ = await a_paid_charge()
    repayment = a_repayment(charge, 6_000)
    assert await SANDBOX.refund(repayment) == await SANDBOX.refund(repayment)
    with pytest.raises(ProviderRefused):
        await SANDBOX.refund(a_repayment(charge, 6_001, repayment.refund_id))
    other, _ = await a_paid_charge()
    with pytest.raises(ProviderRefused):
        await SANDBOX.refund(a_repayment(other, 6_000, repayment.refund_id))


async def test_only_what_was_paid_is_refunded_and_in_its_currency():
    for method in ("", "pm_card_slow", "pm_card_declined"):
        await SANDBOX.create(charge := a_charge(method))
        with pytest.raises(ProviderRefused):
            await SANDBOX.refund(a_repayment(charge, 100))
    with pytest.raises(ProviderRefused):
        await SANDBOX.refund(a_repayment(a_charge(), 100))
    yen = a_charge("pm_card_ok", amount=Money(5_000, "JPY"))
    await SANDBOX.create(yen)
    with pytest.raises(ProviderRefused) as refused:
        await SANDBOX.refund(a_repayment(yen, 100))
    assert refused.value.details["reason"] == "currency_mismatch"


@pytest.mark.parametrize(("minor", "found"), [(7725, "succeeded"), (7726, "nothing")])
async def test_a_refund_whose_answer_is_lost(minor, found):
    charge, _ = await a_paid_charge()
    repayment = a_repayment(charge, minor)
    with pytest.raises(ProviderUnknown):
        await SANDBOX.refund(repayment)
    assert await state_of(Subject.REFUND, repayment.refund_id) == found
    assert (await SANDBOX.refund(repayment)).state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("destination", "minor", "at_once", "at_last"),
    [
        ("acct_ok", 4_000, "succeeded", "succeeded"),
        ("DE89370400440532013000", 4_000, "succeeded", "succeeded"),
        ("acct_closed", 4_000, "failed", "failed"),
        ("acct_slow", 4_000, "processing", "succeeded"),
        ("acct_slow_closed", 4_000, "processing", "failed"),
        ("acct_returns", 4_000, "succeeded", "returned"),
        ("acct_ok", 7731, "failed", "failed"),
        ("seller@example.com", 17732, "processing", "succeeded"),
        ("acct_ok", 7733, "processing", "failed"),
        ("acct_ok", 7734, "succeeded", "returned"),
    ],
)
async def test_what_becomes_of_a_payout(destination, minor, at_once, at_last):
    transfer = a_transfer(destination, minor)
    said = await SANDBOX.payout(transfer)
    assert (said.state, said.our_id, said.amount) == (at_once, transfer.payout_id, usd(minor))
    await later()
    assert await state_of(Subject.PAYOUT, transfer.payout_id) == at_last
    assert await told() == [f"payout.{state}" for state in dict.fromkeys((at_once, at_last))]


@pytest.mark.parametrize(("destination", "found"), [("acct_lost_reply", "succeeded"), ("acct_lost_request", "nothing")])
async def test_a_payout_whose_answer_is_lost_is_made_once(destination, found):
    transfer = a_transfer(destination)
    with pytest.raises(ProviderUnknown):
        await SANDBOX.payout(transfer)
    assert await state_of(Subject.PAYOUT, transfer.payout_id) == found
    assert (await SANDBOX.payout(transfer)).state is State.SUCCEEDED
    assert await told() == ["payout.succeeded"]


async def test_a_payout_id_is_one_payout():
    transfer = a_transfer()
    assert await SANDBOX.payout(transfer) == await SANDBOX.payout(transfer)
    with pytest.raises(ProviderRefused):
        await SANDBOX.payout(Transfer(payout_id=transfer.payout_id, amount=usd(1), destination="acct_ok"))


@pytest.mark.parametrize("destination", ["", " ", "acct_nonsense"])
async def test_a_destination_that_does_not_exist_is_refused(destination):
    with pytest.raises(ProviderRefused):
        await SANDBOX.payout(a_transfer(destination))


async def test_a_chargeback_comes_by_itself_and_takes_what_was_not_refunded():
    charge = a_charge("pm_card_chargeback", 10_000)
    paid = await SANDBOX.create(charge)
    await SANDBOX.refund(a_repayment(charge, 1_500))
    assert await later() == 1
    dispute = await SANDBOX.fetch(Subject.DISPUTE, charge.payment_id)
    assert (dispute.state, dispute.amount, dispute.reason) == (State.OPEN, usd(8_500), "fraudulent")
    assert (dispute.our_id, dispute.capture) == (charge.payment_id, paid.reference)
    assert await SANDBOX.fetch(Subject.DISPUTE, uuid7(), dispute.reference) == dispute
    assert (await told())[-1] == "dispute.open"
    with pytest.raises(ProviderRefused):  # the payer would have it twice
        await SANDBOX.refund(a_repayment(charge, 100))
    won = await money_out.decide(dispute.reference, State.WON)
    assert won.state is State.WON
    await SANDBOX.refund(a_repayment(charge, 8_500))


async def test_a_charge_that_was_refunded_is_not_charged_back():
    charge = a_charge("pm_card_chargeback", 10_000)
    await SANDBOX.create(charge)
    await SANDBOX.refund(a_repayment(charge, 10_000))
    await later()
    assert await SANDBOX.fetch(Subject.DISPUTE, charge.payment_id) is None


async def test_disputes_by_hand():
    charge, paid = await a_paid_charge(10_000)
    with pytest.raises(Conflict):
        await money_out.open_dispute(paid.reference, usd(10_001))
    opened = await money_out.open_dispute(paid.reference, usd(4_000), "product_not_received")
    assert await money_out.open_dispute(paid.reference) == opened
    assert (opened.amount, opened.reason) == (usd(4_000), "product_not_received")
    await money_out.decide(opened.reference, State.LOST)
    with pytest.raises(IllegalTransition):
        await money_out.decide(opened.reference, State.WON)
    with pytest.raises(ProviderRefused):
        await SANDBOX.refund(a_repayment(charge, 6_001))
    await SANDBOX.refund(a_repayment(charge, 6_000))


def test_every_ending_of_an_amount_begins_with_77_and_means_one_thing():
    endings = [*magic.AMOUNTS, *magic.REFUNDS, *magic.PAYOUTS]
    assert len(set(endings)) == len(endings) and {ending // 100 for ending in endings} == {77}
