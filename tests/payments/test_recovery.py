"""Answers that were lost, and payments that nobody waits for any more."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.payments.errors import PaymentInProgress
from marketplace.payments.providers.base import ProviderUnknown
from marketplace.payments.service import charging, paying, recovery
from tests.factories.ledger import balance_of, hold_invariants
from tests.factories.payments import (
    PURPOSE,
    a_payment,
    a_stall,
    clearing,
    close_stall,
    history_of,
    kept_by,
    look_again,
    standing,
    work_off,
)
from tests.payments.sandbox.paying import later

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def after(monkeypatch):
    """Have it be so much later."""

    def pass_by(time: timedelta) -> None:
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + time)

    return pass_by


async def test_a_payment_whose_answer_was_lost_is_found(after):
    stall, payment_id = await a_stall(), uuid7()
    with pytest.raises(ProviderUnknown) as silence:
        await a_payment(stall, "pm_card_lost_reply", request_id=payment_id)
    assert silence.value.details == {"payment_id": str(payment_id)}
    assert await standing(payment_id) == ("created", False)
    await hold_invariants()
    await look_again()
    assert await standing(payment_id) == ("succeeded", False)
    assert (await kept_by(stall), await balance_of(clearing())) == (2_500, -2_500)
    await hold_invariants()


async def test_a_payment_whose_request_was_lost_is_asked_for_again(after):
    stall, payment_id = await a_stall(), uuid7()
    with pytest.raises(ProviderUnknown):
        await a_payment(stall, "pm_card_lost_request", request_id=payment_id)
    await look_again()
    assert await standing(payment_id) == ("created", False), "it may be on its way still"
    after(recovery.PATIENCE)
    await look_again()
    assert await standing(payment_id) == ("succeeded", False)
    assert await history_of(payment_id) == ["created", "succeeded"]
    await hold_invariants()


async def test_who_pays_again_while_an_answer_is_missing_is_told_of_the_first(after):
    stall, payment_id = await a_stall(), uuid7()
    with pytest.raises(ProviderUnknown):
        await a_payment(stall, "pm_card_lost_request", request_id=payment_id)
    with pytest.raises(PaymentInProgress) as refusal:
        await a_payment(stall)
    assert refusal.value.details["payment_id"] == str(payment_id)
    after(recovery.PATIENCE)
    second = await a_payment(stall)
    assert (await standing(payment_id), await standing(second)) == (("cancelled", False), ("succeeded", False))
    await hold_invariants()


async def test_a_payment_that_its_provider_never_heard_of_is_given_up(after):
    stall, payment_id = await a_stall(), uuid7()
    with pytest.raises(ProviderUnknown):
        await a_payment(stall, "pm_card_lost_request", request_id=payment_id)
    after(charging.NEVER_BEGUN + timedelta(seconds=1))
    await look_again()
    assert await standing(payment_id) == ("failed", False)
    await hold_invariants()


async def test_a_slow_payment_is_asked_for_though_no_webhook_came():
    stall = await a_stall()
    payment_id = await a_payment(stall, "pm_card_slow")
    assert await standing(payment_id) == ("processing", False)
    await later()
    await look_again()
    assert await standing(payment_id) == ("succeeded", False)
    await hold_invariants()


async def test_an_abandoned_payment_is_closed(after):
    stall = await a_stall()
    payment_id = await a_payment(stall, "")
    await look_again()
    assert await standing(payment_id) == ("requires_payment_method", False)
    after(charging.ABANDONED + timedelta(seconds=1))
    await look_again()
    assert await standing(payment_id) == ("cancelled", False)
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = $1", recovery.TIMER) == 0


async def test_a_payment_for_what_is_no_longer_due_is_closed():
    stall = await a_stall()
    payment_id = await a_payment(stall, "")
    await close_stall(stall)
    await look_again()
    assert await standing(payment_id) == ("cancelled", False)


async def test_whoever_changes_what_is_due_has_open_payments_closed_at_once():
    stall = await a_stall()
    payment_id = await a_payment(stall, "")
    async with db.transaction():
        await close_stall(stall)
        await paying.due_changed(PURPOSE, stall.id)
    await work_off()
    assert await standing(payment_id) == ("cancelled", False)


async def test_looks_come_further_and_further_apart():
    assert [recovery.delay(n).total_seconds() for n in (0, 1, 2, 6, 7, 99)] == [30, 60, 120, 1920, 3600, 3600]


async def test_a_late_success_after_the_payment_was_cancelled_goes_back_by_itself():
    stall = await a_stall()
    payment_id = await a_payment(stall, "pm_card_slow")
    # The provider works on it and cannot close it, while to us it is over.
    with pytest.raises(PaymentInProgress):
        await paying.cancel(payment_id, stall.payer)
    await db.execute("UPDATE payments SET status = 'cancelled' WHERE id = $1", payment_id)
    await db.execute(
        "INSERT INTO payment_history (subject, subject_id, from_status, to_status, reason, at) "
        "VALUES ('payment', $1, 'processing', 'cancelled', 'test', now())",
        payment_id,
    )
    await later()
    known = await charging.fetch(await charging.get_payment(payment_id))
    await charging.completing.apply(payment_id, known, source="webhook")
    await charging.completing.apply(payment_id, known, source="webhook")
    assert await standing(payment_id) == ("cancelled", True)
    await hold_invariants()
    await work_off()
    [refund] = await db.fetch("SELECT status, amount_minor FROM refunds")
    assert tuple(refund) == ("succeeded", 2_500)
    assert (await kept_by(stall), await balance_of(clearing())) == (0, 0)
    await hold_invariants()
