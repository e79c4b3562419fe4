"""Refunds and payouts, against localstripe. It knows payouts in euros only, and no transfers: those are in `test_answers.py`."""

import pytest
from msgspec import structs

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import (
    NotSupported,
    ProviderRefused,
    ProviderUnknown,
    Repayment,
    State,
    Subject,
    Transfer,
)
from tests.payments.stripe.conftest import charge, listed


@pytest.fixture
async def repayment(stripe):
    """A refund of 10.00 of a charge of 25.00."""
    asked = charge(method="pm_card_visa")
    paid = await stripe.create(asked)
    return Repayment(
        refund_id=uuid7(), payment_id=asked.payment_id, reference=paid.reference, capture=paid.capture,
        amount=Money(1000, "USD"), charged=asked.amount, reason="It came broken.",
    )  # fmt: skip


async def test_a_part_is_given_back_and_then_the_rest(stripe, front, repayment):
    part = await stripe.refund(repayment)
    assert (part.subject, part.state, part.amount) == (Subject.REFUND, State.SUCCEEDED, Money(1000, "USD"))
    assert (part.our_id, part.capture) == (repayment.refund_id, repayment.capture)
    rest = await stripe.refund(structs.replace(repayment, refund_id=uuid7(), amount=Money(1500, "USD")))
    assert rest.reference != part.reference
    assert sorted(one["amount"] for one in await listed(front, "refunds")) == [1000, 1500]
    assert (await listed(front, "charges"))[0]["refunded"] is True
    assert (await listed(front, "refunds"))[0]["metadata"]["payment_id"] == str(repayment.payment_id)


async def test_the_same_refund_twice_gives_back_once(stripe, front, repayment):
    assert await stripe.refund(repayment) == await stripe.refund(repayment)
    again = await stripe.refund(structs.replace(repayment, reason="Said in other words."))
    assert again.our_id == repayment.refund_id
    assert len(await listed(front, "refunds")) == 1
    assert set(front.keys("/v1/refunds")) == {str(repayment.refund_id)}


async def test_a_lost_answer_of_a_refund_is_found_by_our_id(stripe, front, repayment):
    front.lose = 1
    with pytest.raises(ProviderUnknown):
        await stripe.refund(repayment)
    found = await stripe.fetch(Subject.REFUND, repayment.refund_id)
    assert (found.state, found.amount) == (State.SUCCEEDED, Money(1000, "USD"))
    for reference in (found.reference, repayment.reference):
        assert await stripe.fetch(Subject.REFUND, repayment.refund_id, reference) == found
    assert await stripe.fetch(Subject.REFUND, uuid7(), repayment.reference) is None
    assert await stripe.refund(repayment) == found
    assert len(await listed(front, "refunds")) == 1


async def test_a_refund_finds_the_charge_whose_reference_was_never_heard(stripe, repayment):
    refund = await stripe.refund(structs.replace(repayment, reference="", capture=""))
    assert (refund.state, refund.capture) == (State.SUCCEEDED, repayment.capture)


async def test_what_was_never_paid_is_not_refunded(stripe, repayment):
    opened = await stripe.create(charge())
    with pytest.raises(ProviderRefused) as refusal:
        await stripe.refund(structs.replace(repayment, refund_id=uuid7(), reference=opened.reference))
    assert refusal.value.details["reason"] == "Cannot refund a failed payment."


async def test_a_payout_to_an_account_of_our_own_is_under_way(stripe, front):
    asked = Transfer(payout_id=uuid7(), amount=Money(900, "EUR"), destination="ba_123", description="Payout 1")
    sent = await stripe.payout(asked)
    assert (sent.subject, sent.state, sent.amount) == (Subject.PAYOUT, State.PROCESSING, Money(900, "EUR"))
    assert sent.our_id == asked.payout_id
    assert await stripe.payout(asked) == sent
    assert await stripe.payout(structs.replace(asked, description="Said in other words")) == sent
    assert len(await listed(front, "payouts")) == 1
    assert await stripe.fetch(Subject.PAYOUT, asked.payout_id, sent.reference) == sent


async def test_a_lost_answer_of_a_payout_is_found_by_our_id(stripe, front):
    asked = Transfer(payout_id=uuid7(), amount=Money(900, "EUR"), destination="ba_123")
    front.lose = 1
    with pytest.raises(ProviderUnknown):
        await stripe.payout(asked)
    assert (await stripe.fetch(Subject.PAYOUT, asked.payout_id)).our_id == asked.payout_id


async def test_money_goes_to_accounts_only(stripe, front):
    with pytest.raises(NotSupported):
        await stripe.payout(Transfer(payout_id=uuid7(), amount=Money(900, "EUR"), destination="ada@example.com"))
    assert front.asked == []
