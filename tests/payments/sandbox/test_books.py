"""What must be true of the sandbox's books, how long they are kept, and that ordinary amounts are ordinary."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db
from marketplace.core.errors import Conflict
from marketplace.core.money import Money, to_minor
from marketplace.demo.things import THINGS
from marketplace.payments.providers.base import ProviderUnknown, State
from marketplace.payments.providers.sandbox import invariants, magic, money_out, webhooks
from tests.payments.sandbox.paying import SANDBOX, a_charge, a_paid_charge, a_repayment, a_transfer

pytestmark = pytest.mark.usefixtures("tables")


async def breaches() -> list[str]:
    return [breach.partition(":")[0] async for breach in invariants.sandbox_violations()]


async def test_good_books_break_no_rule():
    for method, course in magic.METHODS.items():
        if not course.lost:
            await SANDBOX.create(a_charge(method))
    charge, paid = await a_paid_charge(10_000)
    await SANDBOX.refund(a_repayment(charge, 7722))
    await money_out.open_dispute(paid.reference)
    await SANDBOX.payout(a_transfer("acct_slow"))
    assert await breaches() == []


@pytest.mark.parametrize(
    ("deed", "rule"),
    [
        (
            "UPDATE sandbox_refunds SET amount_minor = amount_minor + 9000",
            "no more leaves a sandbox charge than it brought",
        ),
        (
            "UPDATE sandbox_charges SET state = 'cancelled' WHERE method = 'pm_card_ok'",
            "only a sandbox charge that succeeded is refunded or disputed",
        ),
        ("DELETE FROM timers", "what goes on in the sandbox has an end"),
    ],
)
async def test_bad_books_break_the_rule(deed, rule):
    charge, _ = await a_paid_charge(10_000)
    await SANDBOX.refund(a_repayment(charge, 2_000))
    await SANDBOX.create(a_charge("pm_card_slow"))
    await db.execute(deed)
    assert set(await breaches()) == {rule}


@pytest.mark.parametrize("state", [State.PROCESSING, State.REQUIRES_ACTION])
async def test_nothing_begins_by_hand(state):
    said = await SANDBOX.create(a_charge())
    with pytest.raises(Conflict):
        await money_out.decide(said.reference, state)


async def test_webhooks_are_forgotten_after_a_month():
    await SANDBOX.payout(a_transfer())
    with pytest.raises(ProviderUnknown):
        await SANDBOX.payout(a_transfer("acct_lost_request"))
    await db.execute(
        "INSERT INTO sandbox_deliveries (event, at, status, error) SELECT id, now(), 200, '' FROM sandbox_events"
    )
    assert await webhooks.delete_old_events() == 0
    long_ago = clock.now() - webhooks.KEEP - timedelta(minutes=1)
    await db.execute("UPDATE sandbox_events SET created_at = $1", long_ago)
    await db.execute("UPDATE sandbox_lost_calls SET at = $1", long_ago)
    assert await webhooks.delete_old_events() == 1
    for table in ("sandbox_events", "sandbox_deliveries", "sandbox_lost_calls"):
        assert await db.fetch_val(f"SELECT count(*) FROM {table}") == 0
    assert await db.fetch_val("SELECT count(*) FROM sandbox_payouts") == 1


def test_tries_end_before_webhooks_are_forgotten():
    assert sum(webhooks.RETRIES, timedelta()) < webhooks.KEEP


def test_what_the_demo_sells_costs_ordinary_amounts():
    good = magic.METHODS["pm_card_ok"]
    for thing in THINGS:
        for price in filter(None, (thing.start, thing.reserve, thing.buy_now)):
            minor = to_minor(price, thing.currency)
            for total in (minor, minor + minor // 10, minor + minor // 10 + 500):
                amount = Money(total, thing.currency)
                assert magic.charging("pm_card_ok", amount) is good
                assert magic.refunding(amount) == magic.paying_out("acct_ok", amount) == magic.DESTINATIONS["acct_ok"]
