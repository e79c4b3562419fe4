"""The sandbox's books, read from its side."""

from datetime import datetime, timedelta

import pytest

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.payments.providers.base import Subject
from marketplace.payments.providers.sandbox import money_out, things
from tests.payments.sandbox.paying import SANDBOX, a_charge, a_paid_charge, a_repayment, a_transfer, later

pytestmark = pytest.mark.usefixtures("tables")


async def records(since: datetime, until: datetime) -> list[tuple[str, str]]:
    return [(said.subject.value, said.state.value) async for said in SANDBOX.records(since, until)]


async def test_everything_that_changed_is_there_as_it_is_now():
    start = clock.now()
    charge, paid = await a_paid_charge(10_000)
    await SANDBOX.create(a_charge("pm_card_slow"))
    await SANDBOX.refund(a_repayment(charge, 500))
    await money_out.open_dispute(paid.reference)
    await SANDBOX.payout(a_transfer("acct_returns"))
    await later()
    found = await records(start, clock.now() + timedelta(seconds=1))
    assert sorted(found) == [
        ("charge", "succeeded"), ("charge", "succeeded"), ("dispute", "open"), ("payout", "returned"), ("refund", "succeeded"),
    ]  # fmt: skip


async def test_a_time_begins_with_its_first_moment_and_ends_before_its_last():
    await a_paid_charge()
    moment = await db.fetch_val("SELECT changed_at FROM sandbox_charges")
    step = timedelta(microseconds=1)
    assert len(await records(moment, moment + step)) == 1
    assert await records(moment - step, moment) == []
    assert await records(moment + step, moment + timedelta(days=1)) == []


async def test_more_than_a_page_of_one_moment_comes_once_each(monkeypatch):
    monkeypatch.setattr(things, "PAGE", 3)
    made = [await SANDBOX.payout(a_transfer()) for _ in range(8)]
    moment = clock.now()
    await db.execute("UPDATE sandbox_payouts SET changed_at = $1", moment)
    found = [said.reference async for said in SANDBOX.records(moment, moment + timedelta(seconds=1))]
    assert sorted(found) == sorted(said.reference for said in made)


async def test_fetch_finds_by_our_id_and_by_its_own_and_says_none_of_what_is_unknown():
    charge, paid = await a_paid_charge()
    refunded = await SANDBOX.refund(repayment := a_repayment(charge, 100))
    sent = await SANDBOX.payout(transfer := a_transfer())
    disputed = await money_out.open_dispute(paid.reference)
    for subject, our_id, said in (
        (Subject.CHARGE, charge.payment_id, paid), (Subject.REFUND, repayment.refund_id, refunded),
        (Subject.PAYOUT, transfer.payout_id, sent), (Subject.DISPUTE, charge.payment_id, disputed),
    ):  # fmt: skip
        assert await SANDBOX.fetch(subject, our_id) == said
        assert await SANDBOX.fetch(subject, our_id, said.reference) == said
        assert await SANDBOX.fetch(subject, uuid7()) is None
        assert await SANDBOX.fetch(subject, our_id, "sbx_nothing") is None
