"""What the copy of somebody's data tells of their money, and what keeps them from being erased."""

import pytest

from marketplace.accounts import privacy
from marketplace.core import db
from marketplace.payments.states import PayoutSource
from tests.factories import a_user
from tests.factories.ledger import wallet_of
from tests.factories.payouts import (
    a_method,
    a_payout,
    an_earner,
    cleared_of,
    debt_of,
    owe,
    pay_in,
    pending_of,
    work_off,
)

pytestmark = pytest.mark.usefixtures("tables")


async def test_the_copy_tells_of_entries_payouts_and_masked_methods():
    user = await an_earner(5_000, destination="acct_1NbQ8yHrVn3Dk7eT")
    payout = await a_payout(user, 2_000)
    entries = await privacy.EXPORTERS["wallet_transactions"](user)
    assert [(one["reason"], one["amount_minor"]) for one in entries] == [("clear", 5_000), ("payout", -2_000)]
    assert [one["id"] for one in await privacy.EXPORTERS["payouts"](user)] == [str(payout)]
    [method] = await privacy.EXPORTERS["payout_methods"](user)
    assert method["destination"] == "••••k7eT"
    for name in ("wallet_transactions", "payouts", "payout_methods"):
        assert await privacy.EXPORTERS[name]((await a_user()).id) == []


async def binds(user_id):
    return [one.kind for one in await privacy.BLOCKERS["wallet"](user_id)]


@pytest.mark.parametrize(
    ("account", "kind"),
    [(wallet_of, "available"), (pending_of, "pending_earnings"), (cleared_of, "cleared_earnings")],
)
async def test_nobody_is_erased_while_there_is_a_cent_of_theirs(account, kind):
    user = (await a_user()).id
    assert await binds(user) == []
    await pay_in(account(user), 1)
    assert await binds(user) == [kind]


async def test_nobody_is_erased_who_owes_or_waits_for_a_payout():
    user = (await a_user()).id
    await owe(user, 5)
    assert await binds(user) == ["owed"]
    await pay_in(debt_of(user), 5)
    await pay_in(wallet_of(user), 700)
    await a_method(user)
    await a_payout(user, source=PayoutSource.WALLET)
    assert await binds(user) == ["underway"]
    await work_off()
    assert await binds(user) == []


async def test_erasure_forgets_where_money_was_sent_to_and_keeps_the_books():
    user = await an_earner(5_000)
    await a_payout(user)
    await work_off()
    await privacy.ERASERS["payout_methods"](user)
    row = await db.fetch_row('SELECT * FROM payout_methods WHERE "user" = $1', user)
    assert (row["destination"], row["recipient_name"], row["label"], row["is_default"]) == ("", "", "", False)
    assert row["removed_at"] is not None and await db.fetch_val("SELECT count(*) FROM payouts") == 1
