"""A check that can't fail guards nothing: each is shown a breach."""

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.ledger.chart import Account
from marketplace.ledger.invariants import BROKEN, violations
from marketplace.ledger.service.posting import hold, post
from marketplace.ledger.service.resolving import settle
from marketplace.ledger.service.reversing import reverse
from marketplace.ledger.states import AccountKind
from tests.factories.ledger import FEE, SANDBOX, a_transfer, a_wallet, escrow_of, usd

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = [
    ("every entry belongs to a transfer and an account", "UPDATE ledger_entries SET transfer = gen_random_uuid()"),
    ("every entry belongs to a transfer and an account", "UPDATE ledger_entries SET account = account + 1000"),
    ("the entries of a transfer net to zero", "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE amount_minor > 0"),
    ("the entries of a transfer net to zero", "UPDATE ledger_entries SET currency = 'EUR' WHERE amount_minor > 0"),
    ("a balance is what the entries sum to", "UPDATE ledger_accounts SET balance_minor = balance_minor + 1"),
    ("a balance is what the entries sum to", "UPDATE ledger_accounts SET last_seq = last_seq + 1"),
    ("a balance is what the entries sum to", "DELETE FROM ledger_entries"),
    ("entries follow each other without a hole", "UPDATE ledger_entries SET seq = seq + 100"),
    ("entries follow each other without a hole", "UPDATE ledger_entries SET previous_minor = previous_minor + 1, current_minor = current_minor + 1"),
    ("no account is where it may not go", "UPDATE ledger_accounts SET balance_minor = -1 WHERE kind = 'wallet_available'"),
    ("no account is where it may not go", "UPDATE ledger_accounts SET balance_minor = 1 WHERE kind = 'seller_negative'"),
    ("no account is where it may not go", "UPDATE ledger_accounts SET pending_out_minor = balance_minor + 1 WHERE kind = 'wallet_available'"),
    ("no account is where it may not go", "UPDATE ledger_entries SET current_minor = -1, previous_minor = -1 - amount_minor "
     "WHERE account IN (SELECT id FROM ledger_accounts WHERE kind = 'wallet_available')"),
    ("what is pending is what open holds will move", "UPDATE ledger_accounts SET pending_in_minor = pending_in_minor + 1"),
    ("what is pending is what open holds will move", "UPDATE ledger_accounts SET pending_out_minor = 0"),
    ("what is pending is what open holds will move", "DELETE FROM ledger_holds"),
    ("a transfer moved what its action says", "DELETE FROM ledger_holds"),
    ("a transfer moved what its action says", "UPDATE ledger_transfers SET action = 'hold' WHERE action = 'post'"),
    ("a transfer moved what its action says", "UPDATE ledger_transfers SET action = 'void' WHERE action = 'settle'"),
    ("no more is settled than was held", "UPDATE ledger_holds SET amount_minor = 1"),
    ("no more is settled than was held", "UPDATE ledger_holds SET target = (SELECT min(id) FROM ledger_accounts WHERE kind = 'escrow')"),
    ("a reversal undoes exactly what it names", "UPDATE ledger_transfers t SET reverses = "
     "(SELECT min(id::text)::uuid FROM ledger_transfers o WHERE o.id <> t.reverses AND o.action = 'post') WHERE t.reverses IS NOT NULL"),
    ("entries are in their account's currency", "UPDATE ledger_entries SET currency = 'EUR'"),
    ("an account's limits are the chart's", "UPDATE ledger_accounts SET may_go_negative = true"),
    ("an account's limits are the chart's", "UPDATE ledger_accounts SET kind = 'mattress' WHERE kind = 'escrow'"),
    ("no sharded account is below zero as a whole", "UPDATE ledger_accounts SET balance_minor = -1 WHERE kind = 'tax_payable'"),
]  # fmt: skip


async def some_money_moved() -> None:
    wallet, escrow = await a_wallet(1_000), escrow_of()
    debt = Account(AccountKind.SELLER_NEGATIVE, "USD", uuid7())
    tax = Account(AccountKind.TAX_PAYABLE, "USD")
    await post(a_transfer((debt, SANDBOX, 50)))
    paid = await post(a_transfer((wallet, escrow, 300), (wallet, tax, 30)))
    await reverse(paid.id, key="undo", reason="mistake")
    held = await hold(a_transfer((wallet, FEE, 100)))
    await settle(held.id, key="settle", reason="captured", amount=usd(60))
    await hold(a_transfer((wallet, FEE, 100)))


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
async def test_a_breach_is_found(rule, breach):
    await some_money_moved()
    assert [found async for found in violations()] == []
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            for table in ("accounts", "transfers", "holds", "entries"):
                await db.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
            for constraint in ("accounts_not_negative", "accounts_not_positive", "entries_sum", "transfers_action"):
                table = "ledger_" + constraint.partition("_")[0]
                await db.execute(f"ALTER TABLE {table} DROP CONSTRAINT ledger_{constraint}")
            await db.execute(breach)
            assert any(found.startswith(rule) for found in [found async for found in violations()])
            raise ZeroDivisionError


def test_every_rule_is_shown_a_breach():
    assert all(any(name.startswith(rule) for rule, _ in BREACHES) for name in BROKEN)
