import asyncio

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.states import IllegalTransition
from marketplace.ledger.errors import InsufficientFunds
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import (
    NotPayable,
    PaymentInProgress,
    PaymentNotCompleted,
    PaymentNotFound,
    PaymentReturned,
)
from marketplace.payments.payables import NothingDue
from marketplace.payments.providers.base import ProviderRefused
from marketplace.payments.service import paying
from tests.factories import a_user
from tests.factories.ledger import a_transfer, balance_of, hold_invariants, wallet_of
from tests.factories.payments import (
    PURPOSE,
    a_paid_stall,
    a_payment,
    a_stall,
    clearing,
    close_stall,
    fill_wallet,
    get_stall,
    history_of,
    kept_by,
    standing,
    work_off,
)

pytestmark = pytest.mark.usefixtures("tables")


async def test_a_payment_that_succeeds_at_once_pays_for_what_it_was_meant_for():
    stall, payment_id = await a_paid_stall(2_500, keepers=3)
    assert await standing(payment_id) == ("succeeded", False)
    assert (await get_stall(stall.id)).paid_by == payment_id
    assert [await balance_of(wallet) for wallet in stall.wallets()] == [834, 833, 833]
    assert await balance_of(clearing()) == -2_500
    assert await history_of(payment_id) == ["created", "succeeded"]
    await hold_invariants()


async def test_only_who_owes_it_pays_and_only_while_it_is_due():
    stall = await a_stall()
    with pytest.raises(NothingDue):
        await paying.start((await a_user()).id, PURPOSE, stall.id, "sandbox")
    with pytest.raises(NothingDue):
        await paying.pay_from_wallet((await a_user()).id, PURPOSE, stall.id)
    await close_stall(stall)
    with pytest.raises(NotPayable):
        await a_payment(stall)
    assert await db.fetch_val("SELECT count(*) FROM payments") == 0


async def test_the_same_request_goes_on_with_the_same_payment():
    stall, request_id = await a_stall(), uuid7()
    assert await a_payment(stall, method="", request_id=request_id) == request_id
    assert await a_payment(stall, method="", request_id=request_id) == request_id
    assert await db.fetch_val("SELECT count(*) FROM payments") == 1
    other = await a_stall(stall.payer)
    with pytest.raises(PaymentNotFound):
        await a_payment(other, request_id=request_id)


async def test_a_declined_card_may_be_tried_again_with_another():
    stall = await a_stall()
    payment_id = await a_payment(stall, "pm_card_declined")
    assert await standing(payment_id) == ("requires_payment_method", False)
    with pytest.raises(PaymentNotCompleted) as refusal:
        await paying.confirm(payment_id, stall.payer)
    assert refusal.value.details["status"] == "requires_payment_method"
    assert refusal.value.details["failure_code"] == "card_declined"
    await paying.confirm(payment_id, stall.payer, "pm_card_ok")
    assert await standing(payment_id) == ("succeeded", False)
    assert await db.fetch_val("SELECT failure_code FROM payments WHERE id = $1", payment_id) == ""


async def test_a_token_that_does_not_exist_is_the_end_of_the_payment():
    stall = await a_stall()
    with pytest.raises(ProviderRefused):
        await a_payment(stall, "pm_of_somebody_else")
    [row] = await db.fetch("SELECT status, failure_code FROM payments")
    assert tuple(row) == ("failed", "provider_error")
    assert await standing(await a_payment(stall)) == ("succeeded", False)


async def test_a_new_payment_closes_the_older_one():
    stall = await a_stall()
    first = await a_payment(stall, "")
    second = await a_payment(stall)
    assert await standing(first) == ("cancelled", False)
    assert await standing(second) == ("succeeded", False)
    await hold_invariants()


async def test_no_second_payment_beside_one_that_is_being_worked_on():
    stall = await a_stall()
    first = await a_payment(stall, "pm_card_slow")
    with pytest.raises(PaymentInProgress) as refusal:
        await a_payment(stall)
    assert refusal.value.details["payment_id"] == str(first)


async def test_cancelling():
    stall = await a_stall()
    payment_id = await a_payment(stall, "pm_card_3ds")
    with pytest.raises(PaymentNotFound):
        await paying.cancel(payment_id, (await a_user()).id)
    await paying.cancel(payment_id, stall.payer)
    await paying.cancel(payment_id, stall.payer)
    assert await history_of(payment_id) == ["created", "requires_action", "cancelled"]
    _, paid = await a_paid_stall()
    with pytest.raises(IllegalTransition):
        await paying.cancel(paid, await db.fetch_val("SELECT payer FROM payments WHERE id = $1", paid))


async def test_two_confirms_at_once_take_the_money_once():
    stall = await a_stall()
    payment_id = await a_payment(stall, "")
    await asyncio.gather(*(paying.confirm(payment_id, stall.payer, "pm_card_ok") for _ in range(5)))
    assert await standing(payment_id) == ("succeeded", False)
    assert (await kept_by(stall), await balance_of(clearing())) == (2_500, -2_500)
    assert await history_of(payment_id) == ["created", "requires_payment_method", "succeeded"]
    await hold_invariants()


async def test_confirming_what_is_no_longer_due_says_that_the_money_comes_back():
    stall = await a_stall()
    payment_id = await a_payment(stall, "")
    await close_stall(stall)
    with pytest.raises(PaymentReturned):
        await paying.confirm(payment_id, stall.payer, "pm_card_ok")
    await work_off()
    assert (await kept_by(stall), await balance_of(clearing())) == (0, 0)
    await hold_invariants()


async def test_paying_from_the_wallet():
    stall = await a_stall(minor=2_500, keepers=2)
    wallet = await fill_wallet(stall.payer, 3_000)
    payment_id = await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
    assert await standing(payment_id) == ("succeeded", False)
    assert (await balance_of(wallet), await kept_by(stall)) == (500, 2_500)
    with pytest.raises(NotPayable):
        await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
    assert await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id, request_id=payment_id) == payment_id
    await hold_invariants()


async def test_a_wallet_with_too_little_leaves_the_callers_transaction_whole():
    stall = await a_stall(minor=2_500)
    await fill_wallet(stall.payer, 2_499)
    async with db.transaction():
        with pytest.raises(InsufficientFunds):
            await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
        assert await db.fetch_val("SELECT count(*) FROM payments") == 0
    assert (await get_stall(stall.id)).open
    await hold_invariants()


async def test_what_is_held_for_a_bid_pays_first():
    stall = await a_stall(minor=2_500, keepers=2)
    wallet = await fill_wallet(stall.payer, 3_000)
    held = wallet_of(stall.payer)
    held = type(held)(AccountKind.WALLET_HELD, "USD", stall.payer)
    await post(a_transfer((wallet, held, 1_500)))
    await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id, held=Money(1_500, "USD"))
    assert (await balance_of(held), await balance_of(wallet), await kept_by(stall)) == (0, 500, 2_500)


async def test_many_wallet_payments_at_once_pay_once():
    stall = await a_stall(minor=1_000)
    wallet = await fill_wallet(stall.payer, 5_000)
    deeds = [paying.pay_from_wallet(stall.payer, PURPOSE, stall.id) for _ in range(10)]
    results = await asyncio.gather(*deeds, return_exceptions=True)
    assert sum(isinstance(one, NotPayable) for one in results) == 9
    assert await balance_of(wallet) == 4_000
    await hold_invariants()


async def test_an_open_payment_is_closed_once_the_wallet_has_paid():
    stall = await a_stall(minor=1_000)
    await fill_wallet(stall.payer, 5_000)
    by_card = await a_payment(stall, "")
    await paying.pay_from_wallet(stall.payer, PURPOSE, stall.id)
    await work_off()
    assert await standing(by_card) == ("cancelled", False)
    await hold_invariants()
