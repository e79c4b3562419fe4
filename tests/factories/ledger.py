"""Accounts with money in them, and short ways to say who pays whom."""

from typing import Any
from uuid import UUID

from marketplace.core import db, invariants
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.invariants import violations
from marketplace.ledger.queries import get_balance
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind

FEE = Account(AccountKind.PLATFORM_FEE, "USD")
SANDBOX = Account(AccountKind.PROVIDER_CLEARING, "USD", provider="sandbox")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def wallet_of(owner: UUID | None = None, currency: str = "USD") -> Account:
    return Account(AccountKind.WALLET_AVAILABLE, currency, owner or uuid7())


def escrow_of(order: UUID | None = None, currency: str = "USD") -> Account:
    return Account(AccountKind.ESCROW, currency, order or uuid7())


def a_transfer(*moves: tuple[Account, Account, int], **over: Any) -> Transfer:
    """Moves of minor units, under a key of its own unless told otherwise."""
    values: dict[str, Any] = {"key": f"test:{uuid7()}", "reason": "test"}
    made = [Move(source, target, Money(minor, source.currency)) for source, target, minor in moves]
    return Transfer(**(values | over), moves=made)


async def a_wallet(minor: int, currency: str = "USD", owner: UUID | None = None) -> Account:
    """A wallet into which somebody paid so much."""
    wallet = wallet_of(owner, currency)
    clearing = Account(AccountKind.PROVIDER_CLEARING, currency, provider="sandbox")
    await post(a_transfer((clearing, wallet, minor), reason="deposit"))
    return wallet


async def balance_of(account: Account) -> int:
    return (await get_balance(account)).balance.minor


async def available_in(account: Account) -> int:
    return (await get_balance(account)).available.minor


async def count_transfers() -> int:
    count: int = await db.fetch_val("SELECT count(*) FROM ledger_transfers")
    return count


async def hold_invariants() -> None:
    """Every rule of every domain."""
    found = [breach async for breach in invariants.violations()]
    assert not found, found


async def hold_ledger() -> None:
    """The ledger's own rules, where money was moved that no order, payment or payout accounts for."""
    assert [breach async for breach in violations()] == []
