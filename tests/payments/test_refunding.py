import asyncio

import pytest

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import RefundExceedsPayment
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import completing, paying
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.payments import (
    PURPOSE,
    a_paid_stall,
    a_payment,
    a_refund,
    a_stall,
    clearing,
    close_stall,
    fill_wallet,
    history_of,
    kept_by,
    look_again,
    standing,
    work_off,
)
from tests.payments.sandbox.paying import later

pytestmark = pytest.mark.usefixtures("tables")


async def refund_status(refund_id):
    return await db.fetch_val("SELECT status FROM refunds WHERE id = $1", refund_id)


async def refunded(payment_id):
    return await db.fetch_val("SELECT refunded_minor FROM payments WHERE id = $1", payment_id)


async def test_a_refund_goes_through_clearing_back_to_the_provider():
    stall, payment_id = await a_paid_stall(2_500, keepers=2)
    refund_id = await a_refund(payment_id, 1_000)
    assert (await kept_by(stall), await balance_of(clearing(AccountKind.REFUND_CLEARING))) == (1_500, 1_000)
    await hold_invariants()
    await work_off()
    assert await refund_status(refund_id) == "succeeded"
    assert await balance_of(clearing()) == -1_500
    assert await history_of(refund_id) == ["pending", "succeeded"]
    await hold_invariants()


async def test_refunds_never_pass_what_was_captured():
    stall, payment_id = await a_paid_stall(1_000)
    await a_refund(payment_id, 600)
    with pytest.raises(RefundExceedsPayment) as refusal:
        await a_refund(payment_id, 401)
    assert refusal.value.details == {"refundable": "4.00", "currency": "USD"}
    await a_refund(payment_id, 400)
    await work_off()
    assert (await refunded(payment_id), await kept_by(stall)) == (1_000, 0)
    await hold_invariants()


async def test_50_refunds_of_30_percent_at_once_are_three():
    _, payment_id = await a_paid_stall(1_000)
    results = await asyncio.gather(*(a_refund(payment_id, 300) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, RefundExceedsPayment) for one in results) == 47
    await work_off()
    assert await refunded(payment_id) == 900
    await hold_invariants()


@pytest.mark.parametrize("minor", [7721, 7722, 7724])
async def test_a_refund_that_fails_sooner_or_later_puts_the_money_back_where_it_came_from(minor):
    stall, payment_id = await a_paid_stall(20_000, keepers=3)
    refund_id = await a_refund(payment_id, minor)
    await work_off()
    await later()
    # No webhook tells of a refund that had succeeded: only its news does, so it is told here.
    if await refund_status(refund_id) == "succeeded":
        await tell_failed(refund_id, minor)
    await look_again()
    assert await refund_status(refund_id) == "failed"
    assert (await kept_by(stall), await balance_of(clearing()), await refunded(payment_id)) == (20_000, -20_000, 0)
    await hold_invariants()
    await a_refund(payment_id, 20_000)
    await work_off()
    assert await balance_of(clearing()) == 0
    await hold_invariants()


async def tell_failed(refund_id, minor):
    from marketplace.payments.service.refunding import apply_refund

    failed = Outcome(
        subject=Subject.REFUND,
        reference="",
        state=State.FAILED,
        amount=Money(minor, "USD"),
        failure_code="account_closed",
    )
    for _ in range(2):
        await apply_refund(refund_id, failed, source="webhook")


@pytest.mark.parametrize("minor", [7725, 7726])
async def test_a_refund_whose_answer_was_lost_is_made_once(minor):
    _, payment_id = await a_paid_stall(20_000)
    refund_id = await a_refund(payment_id, minor)
    await work_off()
    assert await refund_status(refund_id) == "pending"
    await hold_invariants()
    await look_again()
    assert await refund_status(refund_id) == "succeeded"
    assert await balance_of(clearing()) == minor - 20_000
    assert await db.fetch_val("SELECT count(*) FROM sandbox_refunds") == 1
    await hold_invariants()


async def test_what_was_paid_from_the_wallet_goes_straight_back():
    stall = await a_stall(minor=1_000)
    wallet = await fill_wallet(stall.payer, 1_000)
    payment_id = await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
    refund_id = await a_refund(payment_id, 400)
    assert (await refund_status(refund_id), await balance_of(wallet)) == ("succeeded", 400)
    await hold_invariants()


async def test_a_surplus_that_cannot_go_back_waits_in_the_payers_wallet():
    stall = await a_stall(minor=7721)
    payment_id = await a_payment(stall, "")
    await close_stall(stall)
    with pytest.raises(paying.PaymentReturned):
        await paying.confirm(payment_id, stall.payer, "pm_card_ok")
    with pytest.raises(RefundExceedsPayment):
        await a_refund(payment_id, 100)
    await work_off()
    assert [row["status"] for row in await db.fetch("SELECT status FROM refunds")] == ["failed"]
    assert await balance_of(wallet_of(stall.payer)) == 7721
    await hold_invariants()


async def test_another_amount_than_was_asked_for_goes_back():
    for minor in (2_400, 2_600):
        stall = await a_stall(minor=2_500)
        payment_id = await a_payment(stall, "")
        said = Outcome(subject=Subject.CHARGE, reference="", state=State.SUCCEEDED, amount=Money(minor, "USD"))
        await completing.apply(payment_id, said, source="webhook")
        assert await standing(payment_id) == ("succeeded", True)
        assert await refunded(payment_id) == minor and await kept_by(stall) == 0
        await hold_invariants()
