"""The ledger: one transfer, 32 writers on the fee account, a payout run; each beside what one would write by hand."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import uvloop
from msgspec import Struct

from tests.benchmarks.table import Row, middle

WRITERS = 32
ROUNDS = 3
SECONDS = 2.0
RUN = 20_000

SCHEMA = """
DROP TABLE IF EXISTS raw_entries, raw_transfers, raw_accounts;
CREATE TABLE raw_accounts (id bigint PRIMARY KEY, balance bigint NOT NULL DEFAULT 0);
CREATE TABLE raw_transfers (id bigserial PRIMARY KEY, key text NOT NULL UNIQUE, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE raw_entries (id bigserial PRIMARY KEY, transfer bigint NOT NULL REFERENCES raw_transfers,
  account bigint NOT NULL REFERENCES raw_accounts, amount bigint NOT NULL, previous bigint NOT NULL, current bigint NOT NULL);
CREATE INDEX ON raw_entries (transfer);
CREATE INDEX ON raw_entries (account, id);
INSERT INTO raw_accounts SELECT n, 1000000000 FROM generate_series(0, 64) AS n;
"""
FEE_ROW = 0


class Pace(Struct, frozen=True):
    per_second: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.per_second:,.0f}/s, p99 {self.p99_ms:.0f} ms"


def run() -> list[Row]:
    return uvloop.run(_measure())


async def _measure() -> list[Row]:
    import asyncpg

    from marketplace.core import db
    from marketplace.ledger.invariants import violations

    await db.connect()
    url = os.environ["DATABASE_URL"]
    async with (
        asyncpg.create_pool(url, min_size=WRITERS, max_size=WRITERS) as ours,
        asyncpg.create_pool(url, min_size=WRITERS, max_size=WRITERS) as raw,
    ):
        kept, db.DB.pool = db.DB.pool, ours  # every writer has a connection, on both sides
        await raw.execute(SCHEMA)
        rows = [await _writers(raw, 1), await _writers(raw, WRITERS), await _payout_run(raw)]
        breaches = [breach async for breach in violations()]
        db.DB.pool = kept
    await db.disconnect()
    assert breaches == [], breaches
    return rows


async def _writers(raw: Any, writers: int) -> Row:
    """Each writer's wallet pays fees, one after the other."""
    from marketplace.core.ids import uuid7
    from marketplace.ledger.service.posting import post
    from tests.factories.ledger import FEE, a_transfer, a_wallet

    wallets = [await a_wallet(10**9) for _ in range(writers)]

    async def pay(writer: int) -> None:
        await post(a_transfer((wallets[writer], FEE, 1)))

    async def pay_by_hand(writer: int) -> None:
        async with raw.acquire() as connection, connection.transaction():
            await _by_hand(connection, str(uuid7()), 1 + writer, FEE_ROW)

    rounds = [(await _pace(writers, pay), await _pace(writers, pay_by_hand)) for _ in range(ROUNDS)]
    ours, theirs = (middle_pace([pair[side] for pair in rounds]) for side in (0, 1))
    ratio = middle(a.per_second / b.per_second for a, b in rounds)
    single = writers == 1
    least = 0.7 if single else 5.0
    return Row(
        path="ledger: a single transfer" if single else f"ledger: {writers} writers on the fee account",
        ours=str(ours),
        raw=f"{'asyncpg, by hand' if single else 'naive row lock'}: {theirs}",
        ratio=f"{ratio:.2f}", goal=f">= {least:.1f}", met=ratio >= least,
    )  # fmt: skip


async def _by_hand(connection: Any, key: str, source: int, target: int) -> None:
    """What a careful person writes: lock both in order, look, write the transfer and its entries, change the balances."""
    balances = {
        row["id"]: row["balance"]
        for row in await connection.fetch(
            "SELECT id, balance FROM raw_accounts WHERE id IN ($1, $2) ORDER BY id FOR UPDATE", source, target
        )
    }
    assert balances[source] >= 1
    transfer = await connection.fetchval("INSERT INTO raw_transfers (key) VALUES ($1) RETURNING id", key)
    for account, amount in ((source, -1), (target, 1)):
        await connection.execute(
            "INSERT INTO raw_entries (transfer, account, amount, previous, current) VALUES ($1, $2, $3, $4, $4 + $3::bigint)",
            transfer, account, amount, balances[account],
        )  # fmt: skip
        await connection.execute("UPDATE raw_accounts SET balance = balance + $2 WHERE id = $1", account, amount)


async def _pace(writers: int, deed: Callable[[int], Awaitable[None]]) -> Pace:
    times: list[float] = []
    until = time.perf_counter() + SECONDS

    async def writer(i: int) -> None:
        while (began := time.perf_counter()) < until:
            await deed(i)
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(writer(i) for i in range(writers)))
    elapsed = time.perf_counter() - began
    return Pace(len(times) / elapsed, sorted(times)[len(times) * 99 // 100] * 1000)


def middle_pace(paces: list[Pace]) -> Pace:
    return Pace(middle(pace.per_second for pace in paces), middle(pace.p99_ms for pace in paces))


async def _payout_run(raw: Any) -> Row:
    """20,000 sellers are paid what has cleared, in one call; by hand, COPY of the same rows without looking at anything."""
    from marketplace.core import db
    from marketplace.core.ids import uuid7
    from marketplace.ledger.chart import Account
    from marketplace.ledger.service.posting import post_many
    from marketplace.ledger.states import AccountKind
    from tests.factories.ledger import SANDBOX, a_transfer

    transit = Account(AccountKind.PAYOUT_IN_TRANSIT, "USD", provider="sandbox")
    sellers = [Account(AccountKind.SELLER_AVAILABLE, "USD", uuid7()) for _ in range(RUN)]
    await post_many([a_transfer((SANDBOX, seller, 1_000)) for seller in sellers])
    await db.execute("VACUUM ANALYZE ledger_accounts")
    numbers, paces, limits = count(1), [], []
    for _ in range(ROUNDS):
        transfers = [a_transfer((seller, transit, 100), payout_id=uuid7()) for seller in sellers]
        began = time.perf_counter()
        await post_many(transfers)
        paces.append(RUN / (time.perf_counter() - began))
        first = next(numbers) * RUN * 10
        began = time.perf_counter()
        async with raw.acquire() as connection, connection.transaction():
            await connection.copy_records_to_table(
                "raw_transfers", columns=("id", "key"), records=[(first + n, f"run:{first + n}") for n in range(RUN)]
            )
            await connection.copy_records_to_table(
                "raw_entries", columns=("transfer", "account", "amount", "previous", "current"),
                records=[(first + n, n % 32 + side, 1 - 2 * side, 0, 0) for n in range(RUN) for side in (0, 1)],
            )  # fmt: skip
        limits.append(RUN / (time.perf_counter() - began))
    rate, limit = middle(paces), middle(limits)
    return Row(
        path=f"ledger: payout run of {RUN:,}",
        ours=f"{rate:,.0f} transfers/s", raw=f"COPY of the rows alone: {limit:,.0f}/s",
        ratio=f"{rate / limit:.2f}", goal=">= 20,000/s", met=rate >= 20_000,
    )  # fmt: skip
