"""What the ledger knows: balances, statements, and what was posted for something. Each is one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import asyncpg
from msgspec import Struct

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.ledger.chart import CHART, Account
from marketplace.ledger.schemas import Balance, Line, Posting, Statement, StatementLine
from marketplace.ledger.states import AccountKind, Action, TransferStatus

Reference: TypeAlias = Literal["order_id", "payment_id", "payout_id"]

BALANCES: Final = """
SELECT kind, owner, provider, currency, sum(balance_minor)::bigint AS balance,
  sum(pending_out_minor)::bigint AS out, sum(pending_in_minor)::bigint AS coming
FROM ledger_accounts WHERE {} GROUP BY kind, owner, provider, currency ORDER BY kind, currency, provider"""
OF_ACCOUNT: Final = BALANCES.format("owner = $1 AND kind = $2 AND currency = $3 AND provider = $4")
OF_OWNER: Final = BALANCES.format("owner = $1 AND ($2::text IS NULL OR currency = $2)")

STATEMENT: Final = """
SELECT e.id, e.seq, e.amount_minor, e.previous_minor, e.current_minor, e.created_at,
  t.id AS transfer, t.action, t.reason, t.order_id, t.payment_id, t.payout_id, t.event_at
FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer
WHERE e.account = (SELECT id FROM ledger_accounts WHERE owner = $1 AND kind = $2 AND currency = $3 AND provider = $4 AND shard = $5)
  AND ($6::bigint IS NULL OR e.seq < $6)
  AND ($7::timestamptz IS NULL OR e.created_at >= $7) AND ($8::timestamptz IS NULL OR e.created_at < $8)
ORDER BY e.seq DESC LIMIT $9"""

POSTINGS: Final = """
SELECT t.id, t.key, t.action, t.reason, t.actor, t.resolves, t.reverses, t.event_at, t.created_at, r.action AS resolved_by,
  l.kinds, l.owners, l.providers, l.currencies, l.amounts
FROM ledger_transfers t LEFT JOIN ledger_transfers r ON r.resolves = t.id
CROSS JOIN LATERAL (
  SELECT array_agg(a.kind ORDER BY s.amount, a.id) AS kinds, array_agg(a.owner ORDER BY s.amount, a.id) AS owners,
    array_agg(a.provider ORDER BY s.amount, a.id) AS providers, array_agg(a.currency ORDER BY s.amount, a.id) AS currencies,
    array_agg(s.amount ORDER BY s.amount, a.id) AS amounts
  FROM (
    SELECT e.account, e.amount_minor AS amount FROM ledger_entries e WHERE e.transfer = t.id
    UNION ALL SELECT h.source, -h.amount_minor FROM ledger_holds h WHERE h.transfer = t.id
    UNION ALL SELECT h.target, h.amount_minor FROM ledger_holds h WHERE h.transfer = t.id
  ) AS s JOIN ledger_accounts a ON a.id = s.account
) AS l
WHERE t.{} = $1 ORDER BY t.created_at, t.id"""

WRITTEN: Final = """
SELECT t.action, t.order_id, t.payment_id, t.payout_id, a.kind, a.currency, a.owner, a.provider, a.shard, e.amount_minor
FROM ledger_transfers t LEFT JOIN ledger_entries e ON e.transfer = t.id LEFT JOIN ledger_accounts a ON a.id = e.account
WHERE t.id = $1 ORDER BY e.id"""


async def get_balance(account: Account) -> Balance:
    """Of the whole account; zero of one that nothing has reached yet."""
    row = await db.fetch_row(OF_ACCOUNT, account.owner, account.kind, account.currency, account.provider)
    if row is None:
        nothing = Money(0, account.currency)
        return Balance(account, nothing, nothing, nothing, nothing)
    return _balance(row)


async def get_balances(owner: UUID, currency: str | None = None) -> list[Balance]:
    """Of every account of a user or an order, by kind and currency."""
    return [_balance(row) for row in await db.fetch(OF_OWNER, owner, currency)]


def _balance(row: asyncpg.Record) -> Balance:
    account = Account(AccountKind(row["kind"]), row["currency"], row["owner"], row["provider"])

    def money(minor: int) -> Money:
        return Money(minor, account.currency)

    return Balance(
        account, money(row["balance"]), money(row["balance"] - row["out"]), money(row["out"]), money(row["coming"])
    )


async def get_statement(
    account: Account, *, before: int | None = None, size: int = 50, since: datetime | None = None, until: datetime | None = None
) -> Statement:  # fmt: skip
    """A page of the account's entries, newest first, recorded from `since` on and before `until`.

    Of a sharded account name the shard: its shards have no common order.
    """
    shard = account.shard
    if shard is None and CHART[account.kind].shards > 1:
        raise ValueError(f"{account.kind} has shards: name one")
    rows = await db.fetch(
        STATEMENT, account.owner, account.kind, account.currency, account.provider, shard or 0, before, since, until, size + 1
    )  # fmt: skip
    lines = [_statement_line(row, account.currency) for row in rows[:size]]
    return Statement(lines, lines[-1].seq if len(rows) > size else None)


def _statement_line(row: asyncpg.Record, currency: str) -> StatementLine:
    return StatementLine(
        seq=row["seq"], transfer_id=row["transfer"], action=Action(row["action"]), reason=row["reason"],
        amount=Money(row["amount_minor"], currency), previous=Money(row["previous_minor"], currency),
        current=Money(row["current_minor"], currency), order_id=row["order_id"], payment_id=row["payment_id"],
        payout_id=row["payout_id"], event_at=row["event_at"], created_at=row["created_at"],
    )  # fmt: skip


async def get_postings(reference: Reference, value: UUID) -> list[Posting]:
    """Every transfer that names this order, payment or payout, in the order they were recorded."""
    return [_posting(row) for row in await db.fetch(POSTINGS.format(reference), value)]


def _posting(row: asyncpg.Record) -> Posting:
    return Posting(
        id=row["id"], key=row["key"], action=Action(row["action"]), status=_status(row), reason=row["reason"],
        actor=row["actor"], resolves=row["resolves"], reverses=row["reverses"], event_at=row["event_at"],
        created_at=row["created_at"],
        lines=[
            Line(AccountKind(kind), Money(minor, currency), owner, provider)
            for kind, owner, provider, currency, minor in _columns(row)
        ],
    )  # fmt: skip


def _columns(row: asyncpg.Record) -> Sequence[tuple[Any, ...]]:
    return list(
        zip(*(row[name] or () for name in ("kinds", "owners", "providers", "currencies", "amounts")), strict=True)
    )


def _status(row: asyncpg.Record) -> TransferStatus:
    if row["action"] == Action.VOID or row["resolved_by"] == Action.VOID:
        return TransferStatus.VOIDED
    if row["action"] == Action.HOLD and row["resolved_by"] is None:
        return TransferStatus.PENDING
    return TransferStatus.POSTED


class WrittenLine(Struct, frozen=True):
    account: Account
    minor: int


class Written(Struct, frozen=True):
    """A transfer's entries, each with the very row it was written to."""

    action: Action
    order_id: UUID | None
    payment_id: UUID | None
    payout_id: UUID | None
    lines: list[WrittenLine]


async def get_written(transfer_id: UUID) -> Written | None:
    rows = await db.fetch(WRITTEN, transfer_id)
    if not rows:
        return None
    first = rows[0]
    lines = [WrittenLine(_row_account(row), row["amount_minor"]) for row in rows if row["kind"] is not None]
    return Written(Action(first["action"]), first["order_id"], first["payment_id"], first["payout_id"], lines)


def _row_account(row: asyncpg.Record) -> Account:
    kind = AccountKind(row["kind"])
    shard = row["shard"] if CHART[kind].shards > 1 else None
    return Account(kind, row["currency"], row["owner"], row["provider"], shard)
