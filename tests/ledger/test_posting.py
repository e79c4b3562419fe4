"""Moving money: what a transfer writes, what it refuses, and that it happens once."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import MAX_MINOR
from marketplace.ledger.chart import CHART, Account, Holder
from marketplace.ledger.errors import InsufficientFunds, KeyReused, MoreThanOwed
from marketplace.ledger.queries import get_balance, get_balances, get_postings, get_statement
from marketplace.ledger.schemas import Move
from marketplace.ledger.service.posting import hold, post, post_many
from marketplace.ledger.states import AccountKind, Action, TransferStatus
from tests.factories.ledger import (
    FEE,
    SANDBOX,
    a_transfer,
    a_wallet,
    available_in,
    balance_of,
    count_transfers,
    escrow_of,
    hold_ledger,
    usd,
    wallet_of,
)

pytestmark = pytest.mark.usefixtures("tables")


async def test_a_sale_from_deposit_to_payout():
    order, buyer, seller, payout = uuid7(), uuid7(), uuid7(), uuid7()
    wallet, escrow = wallet_of(buyer), escrow_of(order)
    pending = Account(AccountKind.SELLER_PENDING, "USD", seller)
    cleared = Account(AccountKind.SELLER_AVAILABLE, "USD", seller)
    tax = Account(AccountKind.TAX_PAYABLE, "USD")
    transit = Account(AccountKind.PAYOUT_IN_TRANSIT, "USD", provider="sandbox")
    bank = Account(AccountKind.BANK, "USD")
    await post(a_transfer((SANDBOX, wallet, 11_000), reason="deposit"))
    await post(a_transfer((wallet, escrow, 11_000), reason="pay", order_id=order, actor=buyer))
    await post(
        a_transfer(
            (escrow, pending, 9_000), (escrow, FEE, 1_000), (escrow, tax, 1_000), reason="release", order_id=order
        )
    )
    await post(a_transfer((pending, cleared, 9_000), reason="clear", order_id=order))
    await post(a_transfer((cleared, transit, 9_000), reason="payout", payout_id=payout))
    await post(a_transfer((transit, bank, 9_000), reason="paid_out", payout_id=payout))
    figures = {account.kind: await balance_of(account) for account in (wallet, escrow, pending, cleared, transit)}
    assert set(figures.values()) == {0}
    assert [await balance_of(account) for account in (FEE, tax, bank, SANDBOX)] == [1_000, 1_000, 9_000, -11_000]
    pay, release, clear = await get_postings("order_id", order)
    assert (pay.reason, pay.actor, pay.status, pay.action) == ("pay", buyer, TransferStatus.POSTED, Action.POST)
    assert sorted((line.kind.value, line.amount.minor) for line in release.lines) == [
        ("escrow", -11_000), ("platform_fee", 1_000), ("seller_pending", 9_000), ("tax_payable", 1_000),
    ]  # fmt: skip
    assert clear.lines[0].owner == seller
    assert [posting.reason for posting in await get_postings("payout_id", payout)] == ["payout", "paid_out"]
    await hold_ledger()


async def test_an_account_may_pay_all_it_has_and_not_a_cent_more():
    wallet = await a_wallet(500)
    before = await count_transfers()
    with pytest.raises(InsufficientFunds) as refusal:
        await post(a_transfer((wallet, escrow_of(), 501), key="too-much"))
    assert refusal.value.details == {
        "available": "5.00", "currency": "USD", "account": "wallet_available", "key": "too-much",
    }  # fmt: skip
    assert await count_transfers() == before
    await post(a_transfer((wallet, escrow_of(), 500)))
    assert await balance_of(wallet) == 0
    await hold_ledger()


async def test_a_refusal_leaves_the_callers_transaction_whole():
    poor, rich, escrow = await a_wallet(1), await a_wallet(100), escrow_of()
    async with db.transaction():
        with pytest.raises(InsufficientFunds):
            await post(a_transfer((poor, escrow, 100)))
        await post(a_transfer((rich, escrow, 100)))
    assert [await balance_of(account) for account in (poor, rich, escrow)] == [1, 0, 100]
    await hold_ledger()


async def test_a_transaction_that_fails_moves_nothing():
    wallet, escrow = await a_wallet(100), escrow_of()
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await post(a_transfer((wallet, escrow, 100), key="once"))
            raise ZeroDivisionError
    assert await balance_of(wallet) == 100
    assert not (await post(a_transfer((wallet, escrow, 100), key="once"))).replayed


async def test_the_same_key_moves_money_once():
    wallet, escrow = await a_wallet(100), escrow_of()
    first = await post(a_transfer((wallet, escrow, 100), key="once"))
    again = await post(a_transfer((wallet, escrow, 100), key="once"))
    assert (first.replayed, again.replayed, again.id) == (False, True, first.id)
    assert await balance_of(escrow) == 100
    await hold_ledger()


@pytest.mark.parametrize("other", ["amount", "reason", "order", "account", "action"])
async def test_a_key_is_for_one_transfer_only(other):
    wallet, escrow = await a_wallet(100), escrow_of()
    await post(a_transfer((wallet, escrow, 10), key="once"))
    changed = {
        "amount": a_transfer((wallet, escrow, 11), key="once"),
        "reason": a_transfer((wallet, escrow, 10), key="once", reason="else"),
        "order": a_transfer((wallet, escrow, 10), key="once", order_id=uuid7()),
        "account": a_transfer((wallet, escrow_of(), 10), key="once"),
        "action": a_transfer((wallet, escrow, 10), key="once"),
    }
    with pytest.raises(KeyReused) as refusal:
        await (hold if other == "action" else post)(changed[other])
    assert refusal.value.details == {"key": "once"}
    assert await available_in(wallet) == 90


async def test_a_debt_is_paid_back_once():
    seller = uuid7()
    debt = Account(AccountKind.SELLER_NEGATIVE, "USD", seller)
    refunds = Account(AccountKind.REFUND_CLEARING, "USD", provider="sandbox")
    pending = Account(AccountKind.SELLER_PENDING, "USD", seller)
    await post(a_transfer((debt, refunds, 300)))
    await post(a_transfer((SANDBOX, pending, 1_000)))
    with pytest.raises(MoreThanOwed) as refusal:
        await post(a_transfer((pending, debt, 301)))
    assert refusal.value.details["owed"] == "3.00"
    await post(a_transfer((pending, debt, 300)))
    assert (await balance_of(debt), await balance_of(pending)) == (0, 700)
    await hold_ledger()


async def test_many_are_posted_in_their_order_or_not_at_all():
    a, b, c = wallet_of(), wallet_of(), wallet_of()
    chain = [a_transfer((SANDBOX, a, 100)), a_transfer((a, b, 100)), a_transfer((b, c, 60))]
    with pytest.raises(InsufficientFunds) as refusal:
        await post_many([chain[0], chain[2], chain[1]])
    assert (refusal.value.details["key"], await count_transfers()) == (chain[2].key, 0)
    made = await post_many(chain)
    assert [one.replayed for one in made] == [False] * 3
    assert [await balance_of(account) for account in (a, b, c)] == [0, 40, 60]
    more = await post_many([*chain, a_transfer((c, a, 10))])
    assert [one.replayed for one in more] == [True, True, True, False]
    assert [one.id for one in more[:3]] == [one.id for one in made]
    assert [await balance_of(account) for account in (a, b, c)] == [10, 40, 50]
    assert await post_many([]) == []
    await hold_ledger()


async def test_one_transfer_may_move_two_currencies():
    dollars, euros = await a_wallet(100), await a_wallet(90, "EUR")
    transfer = a_transfer((dollars, wallet_of(), 100), (euros, wallet_of(currency="EUR"), 90))
    await post(transfer)
    assert (await balance_of(dollars), await balance_of(euros)) == (0, 0)
    await hold_ledger()


async def test_the_fee_account_is_many_rows_and_one_balance():
    wallet = await a_wallet(10_000)
    for _ in range(40):
        await post(a_transfer((wallet, FEE, 10)))
    assert await db.fetch_val("SELECT count(*) FROM ledger_accounts WHERE kind = 'platform_fee'") > 1
    assert await balance_of(FEE) == 400
    await hold_ledger()


async def test_when_it_happened_is_not_when_it_was_recorded():
    wallet, yesterday = wallet_of(), clock.now() - timedelta(days=1)
    await post(a_transfer((SANDBOX, wallet, 5), event_at=yesterday))
    [line] = (await get_statement(wallet)).lines
    assert line.event_at == yesterday and line.created_at > yesterday + timedelta(hours=23)


async def test_a_statement_is_read_page_by_page():
    wallet = wallet_of()
    for minor in range(1, 8):
        await post(a_transfer((SANDBOX, wallet, minor), reason=f"no-{minor}"))
    first = await get_statement(wallet, size=3)
    second = await get_statement(wallet, size=3, before=first.before)
    third = await get_statement(wallet, size=3, before=second.before)
    lines = [*first.lines, *second.lines, *third.lines]
    assert [line.amount.minor for line in lines] == [7, 6, 5, 4, 3, 2, 1] and third.before is None
    assert [line.current.minor for line in lines] == [28, 21, 15, 10, 6, 3, 1]
    assert all(line.previous == line.current - line.amount for line in lines)
    middle = lines[3].created_at
    assert [line.seq for line in (await get_statement(wallet, since=middle)).lines] == [7, 6, 5, 4]
    assert [line.seq for line in (await get_statement(wallet, until=middle)).lines] == [3, 2, 1]
    with pytest.raises(ValueError, match="shards"):
        await get_statement(FEE)
    assert (await get_statement(wallet_of())).lines == []


async def test_balances_of_an_owner():
    owner = uuid7()
    dollars, euros = wallet_of(owner), wallet_of(owner, "EUR")
    held = Account(AccountKind.WALLET_HELD, "USD", owner)
    await post(a_transfer((SANDBOX, dollars, 100), (dollars, held, 30)))
    await post(a_transfer((Account(AccountKind.PROVIDER_CLEARING, "EUR", provider="stripe"), euros, 7)))
    assert [(b.account, b.balance.minor) for b in await get_balances(owner)] == [(euros, 7), (dollars, 70), (held, 30)]
    assert [b.account for b in await get_balances(owner, "EUR")] == [euros]
    assert (await get_balance(wallet_of())).available == usd(0)


@pytest.mark.parametrize("minor", [0, -1, MAX_MINOR + 1])
def test_an_amount_is_above_zero_and_within_reason(minor):
    with pytest.raises(ValidationFailed):
        Move(wallet_of(), escrow_of(), usd(minor))


def test_nonsense_is_refused_before_the_database_sees_it():
    wallet = wallet_of()
    with pytest.raises(ValueError, match="pay itself"):
        Move(wallet, wallet, usd(1))
    with pytest.raises(ValueError, match="does not fit"):
        Move(wallet, wallet_of(currency="EUR"), usd(1))
    with pytest.raises(ValueError, match="lacks"):
        a_transfer((wallet, FEE, 1), key="")
    with pytest.raises(ValueError, match="lacks"):
        a_transfer()
    with pytest.raises(ValidationFailed):
        wallet_of(currency="XXZ")


async def test_nonsense_calls_are_refused():
    a, b = wallet_of(), wallet_of()
    with pytest.raises(ValueError, match="moves nothing"):
        await post(a_transfer((a, b, 1), (b, a, 1)))
    with pytest.raises(ValueError, match="same key"):
        await post_many([a_transfer((SANDBOX, a, 1), key="k"), a_transfer((SANDBOX, b, 1), key="k")])
    with pytest.raises(ValueError, match="one move"):
        await hold(a_transfer((SANDBOX, a, 1), (SANDBOX, b, 1)))


@pytest.mark.parametrize("kind", AccountKind)
def test_each_account_has_the_holder_of_the_chart(kind):
    holder = CHART[kind].holder
    owner = {"owner": uuid7()} if holder in (Holder.USER, Holder.ORDER) else {}
    provider = {"provider": "sandbox"} if holder is Holder.PROVIDER else {}
    Account(kind, "USD", **owner, **provider)
    with pytest.raises(ValueError, match="not to"):
        Account(kind, "USD", **({} if owner else {"owner": uuid7()}), **provider)
    with pytest.raises(ValueError, match="go together"):
        Account(kind, "USD", **owner, **({} if provider else {"provider": "sandbox"}))
    with pytest.raises(ValueError, match="no shard"):
        Account(kind, "USD", **owner, **provider, shard=CHART[kind].shards)


TABLES = ("ledger_accounts", "ledger_transfers", "ledger_holds", "ledger_entries")
CHANGES = [
    *(f"DELETE FROM {table}" for table in TABLES),
    *(f"TRUNCATE {table} CASCADE" for table in TABLES),
    "UPDATE ledger_entries SET amount_minor = amount_minor",
    "UPDATE ledger_transfers SET reason = 'nicer'",
    "UPDATE ledger_holds SET amount_minor = 1",
    "UPDATE ledger_accounts SET may_go_negative = true",
    "UPDATE ledger_accounts SET owner = gen_random_uuid()",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_recorded_stays(change):
    wallet = await a_wallet(100)
    await hold(a_transfer((wallet, FEE, 10)))
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await db.execute(change)
    await hold_ledger()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("UPDATE ledger_accounts SET balance_minor = -1 WHERE kind = 'wallet_available'", "ledger_accounts_not_negative"),
        ("UPDATE ledger_accounts SET pending_out_minor = 101 WHERE kind = 'wallet_available'", "ledger_accounts_not_negative"),
        ("UPDATE ledger_accounts SET balance_minor = 1 WHERE kind = 'seller_negative'", "ledger_accounts_not_positive"),
        ("INSERT INTO ledger_entries (transfer, account, seq, currency, amount_minor, previous_minor, current_minor, created_at) "
         "SELECT transfer, account, 99, currency, 1, 0, 1, now() FROM ledger_entries LIMIT 1", "ledger_entries_net"),
        ("INSERT INTO ledger_entries (transfer, account, seq, currency, amount_minor, previous_minor, current_minor, created_at) "
         "SELECT transfer, account, 99, currency, 1, 0, 2, now() FROM ledger_entries LIMIT 1", "ledger_entries_sum"),
    ],
)  # fmt: skip
async def test_the_database_itself_refuses(change, constraint):
    await a_wallet(100)
    debt = Account(AccountKind.SELLER_NEGATIVE, "USD", uuid7())
    await post(a_transfer((debt, FEE, 10)))
    with pytest.raises(asyncpg.CheckViolationError) as refusal:
        await db.execute(change)
    assert refusal.value.constraint_name == constraint
