"""A check that can't fail guards nothing: each is shown a breach. And what becomes of it all when an account is erased."""

import pytest

from marketplace.accounts import privacy
from marketplace.core import db
from marketplace.subscriptions.invariants import BROKEN, violations
from tests.factories.ledger import hold_invariants
from tests.factories.payments import work_off
from tests.factories.subscriptions import a_subscriber, charges_of, end_period, method_is, status_of

pytestmark = pytest.mark.usefixtures("tables")

STANDS = "a charge stands as its order does"
BREACHES = [
    (STANDS, "UPDATE subscription_charges SET status = 'void' WHERE kind = 'start'"),
    (STANDS, "UPDATE subscription_charges SET status = 'paid' WHERE status = 'open'"),
    (STANDS, 'UPDATE subscription_charges SET "order" = NULL'),
    (STANDS, "UPDATE subscription_charges SET amount_minor = amount_minor + 1"),
    ("a subscription that grants something was paid for", "UPDATE subscription_charges SET kind = 'upgrade' WHERE kind = 'start'"),
    ("a subscription that grants something was paid for",
     "UPDATE subscriptions SET anchor_at = NULL, period_start = NULL, period_end = NULL"),
    ("what is granted is what was paid last", "UPDATE subscriptions SET plan = 'gold'"),
    ("what is granted is what was paid last", "UPDATE subscriptions SET price_minor = 1"),
    ("periods are counted from their anchor", "UPDATE subscriptions SET period_end = period_end + interval '1 day'"),
    ("periods are counted from their anchor", "UPDATE subscriptions SET months_done = months_done + 1"),
    ("a period is renewed once", "UPDATE subscription_charges SET kind = 'renewal', status = 'paid', period_start = '2026-01-01'"),
    ("what has ended has nothing open", "UPDATE subscriptions SET status = 'expired', ended_at = now()"),
    ("what has ended has nothing open", "UPDATE subscriptions SET status = 'expired'"),
    ("a period that is over is being renewed", "UPDATE subscription_charges SET status = 'void' WHERE kind = 'renewal'; "
     "UPDATE subscriptions SET period_end = now() - interval '2 hours', period_start = now() - interval '30 days'"),
    ("every subscription's history is legal", "UPDATE subscriptions SET status = 'active'"),
    ("every subscription's history is legal", "DELETE FROM subscription_history WHERE to_status = 'active'"),
    ("every subscription's history is legal", "INSERT INTO subscription_history (subscription, from_status, to_status, reason, at) "
     "SELECT id, 'past_due', 'incomplete', '', now() FROM subscriptions"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
async def test_a_breach_is_found(rule, breach):
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)  # one charge is paid, one is open
    assert [found async for found in violations()] == []
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute("ALTER TABLE subscription_charges DISABLE TRIGGER USER")
            await db.execute("ALTER TABLE subscription_history DISABLE TRIGGER USER")
            await db.execute("DROP INDEX subscription_charges_renewal")
            for statement in breach.split("; "):
                await db.execute(statement)
            assert any(found.startswith(rule) for found in [found async for found in violations()])
            raise ZeroDivisionError


def test_every_rule_is_shown_a_breach():
    assert all(any(name.startswith(rule) for rule, _ in BREACHES) for name in BROKEN)


async def test_an_erasure_ends_it_and_takes_back_what_is_open():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    async with db.transaction():
        assert await privacy.ERASERS["subscriptions"](user) == 1
    await work_off()
    assert await status_of(user) == "cancelled"
    assert [status for _, status, _ in await charges_of(user)] == ["paid", "void"]
    assert await db.fetch_val('SELECT method FROM subscriptions WHERE "user" = $1', user) == ""
    (exported,) = await privacy.EXPORTERS["subscriptions"](user)
    assert exported["plan"] == "premium_monthly" and "method" not in exported
    assert len(await privacy.EXPORTERS["subscription_charges"](user)) == 2
    await hold_invariants()
