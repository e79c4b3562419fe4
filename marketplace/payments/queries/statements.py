"""A month of somebody's accounts. Where a month ends is a place in an account's numbered entries, so that what closes one month
opens the next, and the entries between are exactly the difference.
"""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import check_currency
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import StatementNotFound
from marketplace.payments.queries.payout_methods import MASKED
from marketplace.payments.queries.wallet import POCKET_OF, POCKETS
from marketplace.payments.schemas.wallet import EntryType, Pocket, StatementMonth
from marketplace.payments.words import TYPES

MONTHS: Final = """
WITH begun AS (
  SELECT a.currency, min(e.created_at) AS at FROM ledger_accounts a JOIN ledger_entries e ON e.account = a.id AND e.seq = 1
  WHERE a.owner = $1 AND a.kind = ANY ($2::text[]) AND ($3::text IS NULL OR a.currency = $3) GROUP BY a.currency
)
SELECT to_char(m, 'YYYY-MM') AS month, begun.currency, m + interval '1 month' <= $4::timestamptz AT TIME ZONE 'UTC' AS is_over
FROM begun CROSS JOIN LATERAL
  generate_series(date_trunc('month', begun.at AT TIME ZONE 'UTC'), $4::timestamptz AT TIME ZONE 'UTC', '1 month') AS m
ORDER BY m DESC, begun.currency"""

BOUNDS: Final = """
SELECT a.id, a.kind, coalesce(o.seq, 0) AS first, coalesce(o.current_minor, 0) AS opening, coalesce(c.seq, 0) AS last,
  coalesce(c.current_minor, 0) AS closing
FROM ledger_accounts a
LEFT JOIN LATERAL (
  SELECT e.seq, e.current_minor FROM ledger_entries e WHERE e.account = a.id AND e.created_at < $4
  ORDER BY e.created_at DESC, e.seq DESC LIMIT 1) AS o ON true
LEFT JOIN LATERAL (
  SELECT e.seq, e.current_minor FROM ledger_entries e WHERE e.account = a.id AND e.created_at < $5
  ORDER BY e.created_at DESC, e.seq DESC LIMIT 1) AS c ON true
WHERE a.owner = $1 AND a.kind = ANY ($2::text[]) AND a.currency = $3
ORDER BY array_position($2::text[], a.kind::text)"""

ENTRIES: Final = f"""
SELECT e.seq, e.amount_minor, e.current_minor, t.event_at, t.reason, t.order_id, t.payment_id, t.payout_id,
  coalesce(nullif(concat_ws(' ', nullif(m.label, ''), {MASKED}), ''), y.description, '') AS details
FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer
LEFT JOIN payments y ON y.id = t.payment_id
LEFT JOIN payouts p ON p.id = t.payout_id LEFT JOIN payout_methods m ON m.id = p.method
WHERE e.account = $1 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq LIMIT $4"""

BATCH: Final = 2_000
MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Period(Struct, frozen=True, kw_only=True):
    """A month in UTC, of which `until` is seen; `is_over` or not yet."""

    month: str
    start: datetime
    until: datetime
    is_over: bool


class AccountMonth(Struct, frozen=True, kw_only=True):
    """One account in a month: its entries numbered over `first` up to `last`. Minor units."""

    account: int
    pocket: Pocket
    first: int
    last: int
    opening: int
    closing: int

    @property
    def entries(self) -> int:
        return self.last - self.first


class MonthOfAccounts(Struct, frozen=True, kw_only=True):
    period: Period
    currency: str
    accounts: Sequence[AccountMonth]

    @property
    def entries(self) -> int:
        return sum(one.entries for one in self.accounts)


class EntryLine(Struct, frozen=True, kw_only=True):
    """An entry as a statement shows it. `details` may be people's own words."""

    at: datetime
    type: EntryType
    details: str
    order_id: UUID | None
    payment_id: UUID | None
    payout_id: UUID | None
    amount: int
    balance: int


async def list_months(user_id: UUID, currency: str | None) -> list[StatementMonth]:
    """From the first entry's month to this one, newest first, also those in which nothing happened."""
    found = await db.fetch(MONTHS, user_id, list(POCKETS.values()), currency, clock.now())
    return [StatementMonth(**row) for row in found]


def period(month: str) -> Period:
    """The period of "2026-11". Raises ValidationFailed for what is no month, StatementNotFound for one that has not begun."""
    if not MONTH.fullmatch(month):
        raise ValidationFailed.of("month", "Must be a month such as 2026-11.")
    year, number = int(month[:4]), int(month[5:])
    now = clock.now()
    if not 2000 <= year <= now.year:
        raise StatementNotFound
    start = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    if start > now:
        raise StatementNotFound
    return Period(month=month, start=start, until=min(end, now), is_over=end <= now)


async def get_month(user_id: UUID, month: str, currency: str) -> MonthOfAccounts:
    """Raises ValidationFailed, or StatementNotFound where there was never anything in this currency until the end of the month."""
    when = period(month)
    check_currency(currency)
    found = await db.fetch(BOUNDS, user_id, list(POCKETS.values()), currency, when.start, when.until)
    accounts = [
        AccountMonth(
            account=row["id"], pocket=POCKET_OF[AccountKind(row["kind"])], first=row["first"], last=row["last"],
            opening=row["opening"], closing=row["closing"],
        )
        for row in found
        if row["last"]
    ]  # fmt: skip
    if not accounts:
        raise StatementNotFound
    return MonthOfAccounts(period=when, currency=currency, accounts=accounts)


async def read_entries(account: AccountMonth) -> AsyncIterator[EntryLine]:
    """The month's entries of an account in their order; entries never change, so that they may be read in parts."""
    after = account.first
    while rows := await db.fetch(ENTRIES, account.account, after, account.last, BATCH):
        for row in rows:
            yield EntryLine(
                at=row["event_at"], type=TYPES.get(row["reason"], EntryType.OTHER), details=row["details"],
                order_id=row["order_id"], payment_id=row["payment_id"], payout_id=row["payout_id"],
                amount=row["amount_minor"], balance=row["current_minor"],
            )  # fmt: skip
        after = rows[-1]["seq"]


async def get_holder(user_id: UUID) -> str:
    """How the statement names whose it is."""
    name: str = await db.fetch_val(
        "SELECT coalesce(nullif(btrim(concat_ws(' ', first_name, last_name)), ''), username) FROM users WHERE id = $1",
        user_id,
    )
    return name
