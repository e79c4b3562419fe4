"""Our books beside themselves and beside the provider's."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.states import AccountKind
from marketplace.notifications.kinds import Kind
from marketplace.payments.errors import PayoutsPaused
from marketplace.payments.providers import provider
from marketplace.payments.providers.base import Charge
from marketplace.payments.reconciliation import running
from marketplace.payments.reconciliation.running import BreakClosed, BreakNotFound, close_break, reconcile
from marketplace.payments.service import pausing
from tests.factories import a_user
from tests.factories.ledger import balance_of, usd
from tests.factories.payments import a_paid_stall, a_payment, a_refund, a_stall, clearing, standing, work_off

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(running, "SECOND_LOOK_SECONDS", 0.0)


async def an_hour_passes():
    """What was done is old enough to be compared."""
    for table in ("payments", "refunds", "payouts"):
        await db.execute(f"UPDATE {table} SET updated_at = updated_at - interval '1 hour'")
    for table in ("sandbox_charges", "sandbox_refunds", "sandbox_payouts"):
        await db.execute(f"UPDATE {table} SET changed_at = changed_at - interval '1 hour'")
    await db.execute("DELETE FROM outbox; DELETE FROM timers")


async def rules(report=None):
    report = report or await reconcile()
    return {(one.rule, one.subject_id) for one in report.found}


MOVED = "a provider has moved what our books say it has"
KNOWN = "what a provider has moved is in our books"


async def test_books_that_agree_have_no_break():
    _, payment = await a_paid_stall()
    await a_refund(payment, 1_000)
    await work_off()
    await an_hour_passes()
    report = await reconcile()
    assert report.found == [] and report.new == 0
    assert report.checked >= 2, "a charge and a refund, from either side"
    await pausing.check()


async def test_money_that_the_provider_does_not_have_pauses_payouts_and_is_told_to_managers():
    _, payment = await a_paid_stall()
    manager, moderator = await a_user(Role.MANAGER), await a_user(Role.MODERATOR)
    await db.execute("UPDATE sandbox_charges SET state = 'cancelled' WHERE payment = $1", payment)
    await an_hour_passes()
    report = await reconcile()
    assert await rules(report) == {(MOVED, str(payment))} and report.new == 1
    with pytest.raises(PayoutsPaused):
        await pausing.check()
    await work_off()
    told = await db.fetch('SELECT "user" FROM notifications WHERE type = $1', Kind.BOOKS_BROKEN.value)
    assert {row["user"] for row in told} == {manager.id} != {moderator.id}
    again = await reconcile()
    assert again.new == 0 and await db.fetch_val("SELECT count(*) FROM reconciliation_breaks") == 1


async def test_a_break_is_closed_with_a_note_and_opens_anew_while_it_is_there():
    _, payment = await a_paid_stall()
    manager = await a_user(Role.MANAGER)
    await db.execute("UPDATE sandbox_charges SET state = 'cancelled' WHERE payment = $1", payment)
    await an_hour_passes()
    await reconcile()
    break_id = await db.fetch_val("SELECT id FROM reconciliation_breaks")
    with pytest.raises(ValidationFailed):
        await close_break(break_id, manager.id, " ")
    with pytest.raises(BreakNotFound):
        await close_break(uuid7(), manager.id, "There is none.")
    await close_break(break_id, manager.id, "The provider's clerk had erred.")
    with pytest.raises(BreakClosed):
        await close_break(break_id, manager.id, "Once more.")
    await pausing.check()
    assert (await reconcile()).new == 1
    with pytest.raises(PayoutsPaused):
        await pausing.check()


async def test_an_amount_that_differs_is_a_break():
    _, payment = await a_paid_stall(minor=2_500)
    await db.execute("UPDATE sandbox_charges SET amount_minor = 2400 WHERE payment = $1", payment)
    await an_hour_passes()
    found = (await reconcile()).found
    assert {(one.rule, one.ours, one.theirs) for one in found} == {
        (MOVED, "succeeded 25.00 USD", "succeeded 24.00 USD")
    }


async def test_news_that_was_lost_is_applied_and_is_no_break():
    stall = await a_stall(minor=2_500)
    payment = await a_payment(stall, "pm_card_slow")
    assert await standing(payment) == ("processing", False)
    await db.execute("UPDATE sandbox_charges SET state = 'succeeded' WHERE payment = $1", payment)
    await an_hour_passes()
    assert (await reconcile()).found == []
    assert await standing(payment) == ("succeeded", False)
    assert await balance_of(stall.wallets()[0]) == 2_500


async def test_what_the_provider_took_and_we_never_heard_of_is_a_break():
    sandbox = provider("sandbox")
    stranger = await sandbox.create(
        Charge(payment_id=uuid7(), amount=Money(1_234, "USD"), description="?", method="pm_card_ok")
    )
    await an_hour_passes()
    assert await rules() == {(KNOWN, stranger.reference)}


async def test_a_balance_that_was_tampered_with_is_a_break():
    await a_paid_stall()
    await an_hour_passes()
    assert await balance_of(clearing(AccountKind.PROVIDER_CLEARING)) == -usd(2_500).minor
    await db.execute("UPDATE ledger_accounts SET balance_minor = balance_minor + 1 WHERE kind = 'wallet_available'")
    assert "a balance is what the entries sum to" in {rule for rule, _ in await rules()}


async def test_work_that_is_only_late_pauses_nothing():
    await db.execute(
        "INSERT INTO outbox (kind, handler, body, created_at, due_at, attempts, last_error) "
        "VALUES ('x', 'nobody', '{}', now() - interval '2 days', now() - interval '2 days', 0, '')"
    )
    report = await reconcile()
    assert len(report.found) == 1 and report.new == 0
    await pausing.check()
