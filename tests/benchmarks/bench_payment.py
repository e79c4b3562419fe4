"""A single payment of an order: from the wallet in one transaction, and by card through the sandbox; beside the rows by hand."""

import os
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import uvloop

from tests.benchmarks.table import Row, middle

ROUNDS = 3
ORDERS = 150

SCHEMA = """
DROP TABLE IF EXISTS raw_paid, raw_entries, raw_log, raw_accounts, raw_orders;
CREATE TABLE raw_accounts (id bigint PRIMARY KEY, balance bigint NOT NULL DEFAULT 0);
CREATE TABLE raw_orders (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'pending', paid_at timestamptz);
CREATE TABLE raw_paid (id bigserial PRIMARY KEY, "order" bigint NOT NULL UNIQUE REFERENCES raw_orders, amount bigint NOT NULL);
CREATE TABLE raw_entries (id bigserial PRIMARY KEY, payment bigint NOT NULL, account bigint NOT NULL, amount bigint NOT NULL);
CREATE TABLE raw_log (id bigserial PRIMARY KEY, "order" bigint NOT NULL, status text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO raw_accounts VALUES (1, 1000000000000), (2, 0);
INSERT INTO raw_orders SELECT n FROM generate_series(1, 100000) AS n;
"""


def run() -> list[Row]:
    return uvloop.run(_measure())


async def _measure() -> list[Row]:
    import asyncpg

    import marketplace.wiring  # noqa: F401 - what hears of a payment is part of it
    from marketplace.core import db

    await db.connect()
    raw = await asyncpg.connect(os.environ["DATABASE_URL"])
    try:
        await raw.execute(SCHEMA)
        before = await _breaches()  # another benchmark's transfers are nobody's payments
        rows = [
            await _row("from the wallet, one transaction", "wallet", raw, 0),
            await _row("by card, through the sandbox", "sandbox", raw, ROUNDS * ORDERS),
        ]
        breaches = await _breaches() - before
    finally:
        await raw.close()
        await db.disconnect()
    assert not breaches, breaches
    return rows


async def _breaches() -> set[str]:
    """What does not hold, less what is only late: nobody relays here."""
    from marketplace.core import invariants

    return {breach async for breach in invariants.violations() if "minute" not in breach}


async def _row(path: str, provider: str, raw: Any, offset: int) -> Row:
    ours, theirs = [], []
    for n in range(ROUNDS):
        checkouts = await _unpaid()
        ours.append(await _pace([_payer(provider, *one) for one in checkouts]))
        first = offset + n * ORDERS + 1
        theirs.append(await _pace([_by_hand(raw, order) for order in range(first, first + ORDERS)]))
    ratio = middle(a / b for a, b in zip(ours, theirs, strict=True))
    return Row(
        path=f"payment: {path}", ours=f"{middle(ours):,.0f}/s, {1000 / middle(ours):.1f} ms each",
        raw=f"asyncpg, the bare rows by hand: {middle(theirs):,.0f}/s", ratio=f"{ratio:.2f}",
    )  # fmt: skip


async def _unpaid() -> list[tuple[UUID, UUID]]:
    """(buyer, checkout) of orders that wait for their money, which is in the buyers' wallets."""
    from tests.factories.accounts import users
    from tests.factories.orders import a_checkout
    from tests.factories.payments import fill_wallet

    buyer, *sellers = await users(11)
    await fill_wallet(buyer, 10_000 * ORDERS)
    return [(buyer, (await a_checkout(sellers[n % 10], buyer=buyer)).checkout_id) for n in range(ORDERS)]


def _payer(provider: str, buyer: UUID, checkout: UUID) -> Callable[[], Awaitable[Any]]:
    from marketplace.orders.service.paying import PURPOSE
    from marketplace.payments.service import paying

    if provider == "wallet":
        return lambda: paying.pay_from_wallet(buyer, PURPOSE, checkout)
    return lambda: paying.start(buyer, PURPOSE, checkout, provider, method="pm_card_ok")


def _by_hand(raw: Any, order: int) -> Callable[[], Awaitable[None]]:
    """What a person would write first: lock the order, pay, two entries, two balances, its status and its history."""

    async def pay() -> None:
        async with raw.transaction():
            assert await raw.fetchval("SELECT status FROM raw_orders WHERE id = $1 FOR UPDATE", order) == "pending"
            payment = await raw.fetchval(
                'INSERT INTO raw_paid ("order", amount) VALUES ($1, $2) RETURNING id', order, 10_000
            )
            for account, amount in ((1, -10_000), (2, 10_000)):
                await raw.execute("UPDATE raw_accounts SET balance = balance + $2 WHERE id = $1", account, amount)
                await raw.execute(
                    "INSERT INTO raw_entries (payment, account, amount) VALUES ($1, $2, $3)", payment, account, amount
                )
            await raw.execute("UPDATE raw_orders SET status = 'paid', paid_at = now() WHERE id = $1", order)
            await raw.execute("INSERT INTO raw_log (\"order\", status) VALUES ($1, 'paid')", order)

    return pay


async def _pace(deeds: list[Callable[[], Awaitable[Any]]]) -> float:
    """Deeds a second, one after the other."""
    began = time.perf_counter()
    for deed in deeds:
        await deed()
    return len(deeds) / (time.perf_counter() - began)
