"""Every rule of payouts finds the breach it is about."""

import pytest

from marketplace.core import db
from marketplace.payments.payout_invariants import BROKEN, violations
from marketplace.payments.service import payouts
from tests.factories.ledger import a_transfer, post, wallet_of
from tests.factories.payouts import a_payout, an_earner, bank, cleared_of, transit

pytestmark = pytest.mark.usefixtures("tables")


class Undone(Exception):
    """The breach is not to stay."""


async def found() -> set[str]:
    return {breach.partition(": ")[0] for breach in [one async for one in violations()]}


BREACHES = {
    "a payout's money is where its status says": (
        "ALTER TABLE payouts DROP CONSTRAINT payouts_sent",
        "UPDATE payouts SET status = 'paid'",
    ),
    "a payout under way is asked about, and no other": ("UPDATE payouts SET check_at = now()",),
    "what was approved was approved by somebody else, and what needs it was approved": (
        "UPDATE payouts SET approved_at = now()",
    ),
    "a person has at most one default payout method": (
        "DROP INDEX payout_methods_default",
        'INSERT INTO payout_methods (id, "user", provider, label, destination, recipient_name, is_default, created_at) '
        'SELECT gen_random_uuid(), "user", provider, label, destination, recipient_name, true, now() FROM payout_methods',
    ),
}


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    await a_payout(await an_earner())
    assert await found() == set()
    with pytest.raises(Undone):
        async with db.transaction():
            for statement in BREACHES[rule]:
                await db.execute(statement)
            assert rule in await found()
            raise Undone


async def test_money_put_back_elsewhere_is_found():
    user = await an_earner()
    payout = await a_payout(user)
    await post(a_transfer((transit(), wallet_of(user), 10_000), payout_id=payout))
    assert "what a payout puts back goes where it came from" in await found()


async def test_more_paid_out_than_was_earned_is_found():
    user = await an_earner(1_000)
    payout = await a_payout(user)
    await payouts.send_due()
    await post(a_transfer((bank(), cleared_of(user), 1_000), payout_id=payout))  # as if it had not been
    await a_payout(user)
    assert "no more is paid out than was earned or paid in" in await found()


def test_every_rule_is_tried():
    others = {"what a payout puts back goes where it came from", "no more is paid out than was earned or paid in"}
    assert BROKEN.keys() == BREACHES.keys() | others
