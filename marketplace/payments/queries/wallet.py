"""What somebody has, and the entries that made it so."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import Currency, to_text
from marketplace.core.pagination import COUNT_CAP, ListQuery, Order
from marketplace.ledger.states import AccountKind
from marketplace.payments.schemas.wallet import BalanceOut, EntryType, Pocket, TransactionOut, WalletOut
from marketplace.payments.words import TYPES

POCKETS: Final = {
    Pocket.AVAILABLE: AccountKind.WALLET_AVAILABLE,
    Pocket.HELD: AccountKind.WALLET_HELD,
    Pocket.PENDING_EARNINGS: AccountKind.SELLER_PENDING,
    Pocket.CLEARED_EARNINGS: AccountKind.SELLER_AVAILABLE,
    Pocket.OWED: AccountKind.SELLER_NEGATIVE,
}
POCKET_OF: Final = {kind: pocket for pocket, kind in POCKETS.items()}

BALANCES: Final = """
WITH there AS (
  SELECT currency,
    coalesce(sum(balance_minor - pending_out_minor) FILTER (WHERE kind = 'wallet_available'), 0)::bigint AS available,
    coalesce(sum(balance_minor) FILTER (WHERE kind = 'wallet_held'), 0)::bigint
      + coalesce(sum(pending_out_minor) FILTER (WHERE kind = 'wallet_available'), 0)::bigint AS held,
    coalesce(sum(balance_minor) FILTER (WHERE kind = 'seller_pending'), 0)::bigint AS pending,
    coalesce(sum(balance_minor - pending_out_minor) FILTER (WHERE kind = 'seller_available'), 0)::bigint AS cleared,
    -coalesce(sum(balance_minor) FILTER (WHERE kind = 'seller_negative'), 0)::bigint AS owed
  FROM ledger_accounts WHERE owner = $1 GROUP BY currency
), leaving AS (
  SELECT currency, sum(amount_minor)::bigint AS minor FROM payouts
  WHERE "user" = $1 AND status IN ('requested', 'awaiting_approval', 'processing') GROUP BY currency
)
SELECT coalesce(json_agg(json_build_object('currency', t.currency, 'available', money_text(t.available, t.currency),
  'held', money_text(t.held, t.currency), 'pending_earnings', money_text(t.pending, t.currency),
  'cleared_earnings', money_text(t.cleared, t.currency), 'owed', money_text(t.owed, t.currency),
  'underway', money_text(coalesce(l.minor, 0), t.currency)) ORDER BY t.currency), '[]')::text
FROM there t LEFT JOIN leaving l ON l.currency = t.currency"""


async def get_wallet(user_id: UUID) -> WalletOut:
    """Every currency that anything has ever been in."""
    body = await db.fetch_val(BALANCES, user_id)
    return WalletOut(balances=msgspec.json.decode(body, type=list[BalanceOut]))


class TransactionFilters(Filters):
    type: list[EntryType] | None = None
    pocket: list[Pocket] | None = None
    currency: Currency | None = None


TRANSACTIONS: Final = Listing(
    "wallet_transactions", TransactionFilters, key=Order("e.id", "bigint"), default="-created_at",
    ordering={"created_at": Order("e.created_at", "timestamptz")}, date="e.created_at",
)  # fmt: skip

ENTRIES: Final = """
WITH mine AS (
  SELECT id, kind FROM ledger_accounts
  WHERE owner = $1 AND kind = ANY ($2::text[]) AND ($3::text IS NULL OR currency = $3)
), page AS (
  SELECT mine.kind, e.* FROM mine CROSS JOIN LATERAL (
    SELECT e.id, e.transfer, e.currency, e.amount_minor, e.current_minor, e.created_at FROM ledger_entries e {joined}
    WHERE {here} AND {where} {beyond} ORDER BY e.account {way}, e.created_at {way}, e.id {way} LIMIT {size} + {skipped}
  ) AS e ORDER BY e.created_at {way}, e.id {way} LIMIT {size} OFFSET {skipped}
), counted AS (
  {counted}
)
SELECT counted.n, page.*, page.created_at::text AS at_text, t.reason, t.order_id, t.payment_id, t.payout_id, t.event_at
FROM counted LEFT JOIN (page JOIN ledger_transfers t ON t.id = page.transfer) ON true
ORDER BY page.created_at {way}, page.id {way}"""
"""Each of somebody's accounts gives its next few along its index, so that page 5,000 costs what page 1 does."""
COUNTED: Final = """SELECT coalesce(sum(newest.seq - oldest.seq + 1), 0)::bigint AS n FROM mine
  CROSS JOIN LATERAL (SELECT seq FROM ledger_entries e WHERE {within} ORDER BY e.account, e.created_at, e.seq LIMIT 1) AS oldest
  CROSS JOIN LATERAL (
    SELECT seq FROM ledger_entries e WHERE {within} ORDER BY e.account DESC, e.created_at DESC, e.seq DESC LIMIT 1
  ) AS newest"""
COUNTED_OF_A_TYPE: Final = """SELECT count(*) AS n FROM (
    SELECT FROM mine CROSS JOIN LATERAL (
      SELECT FROM ledger_entries e {joined} WHERE {within} AND {where} LIMIT {cap}
    ) AS e LIMIT {cap}
  ) AS those"""
"""Entries of an account are numbered without a gap, so that all of a time are counted by the first and the last."""
WITHIN: Final = """(e.account, e.created_at) >= (mine.id, coalesce({}::timestamptz, '-infinity'))
  AND (e.account, e.created_at) <= (mine.id, coalesce({}::timestamptz, 'infinity'))"""
"""An account's entries of a time. Not `account = mine.id`: for an account of average size the planner would then rather sort
everything there is, and this one may be a hundred thousand entries."""


async def list_transactions(
    listing: ListQuery[TransactionFilters], user_id: UUID
) -> Envelope[Page[TransactionOut]]:  # fmt: skip
    """The entries of the user's own accounts."""
    statement, values = transactions_statement(listing, user_id)
    records = await db.fetch(statement, *values)
    found = [record for record in records if record["id"] is not None]
    more = len(found) > listing.size
    del found[listing.size :]
    if listing.cursor is not None and listing.cursor.backwards:
        found.reverse()
    ends = [(found[at]["at_text"], str(found[at]["id"])) for at in (0, -1)] if found else [(), ()]
    answer: Envelope[Page[TransactionOut]] = listing.answer(
        [_transaction(record) for record in found], count=records[0]["n"], more=more, first=ends[0], last=ends[1]
    )
    return answer


def transactions_statement(listing: ListQuery[TransactionFilters], user_id: UUID) -> tuple[str, list[Any]]:
    """The statement of a page, and its values."""
    wanted, cursor = listing.filters, listing.cursor
    values: list[Any] = [user_id, [POCKETS[pocket] for pocket in wanted.pocket or POCKETS], wanted.currency]

    def place(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    where = "true"
    if wanted.type is not None:
        types = {one.value for one in wanted.type}
        named = place([reason for reason, one in TYPES.items() if one.value in types])
        other = f" OR t.reason <> ALL ({place(list(TYPES))}::text[])" if EntryType.OTHER in wanted.type else ""
        where = f"(t.reason = ANY ({named}::text[]){other})"
    since, until = place(listing.after), place(listing.until and listing.until - timedelta(microseconds=1))
    within = WITHIN.format(since, until)
    descending = listing.sorts[0].descending != (cursor is not None and cursor.backwards)
    here, beyond = within, ""
    if cursor is not None and cursor.keys:
        at, number = (f"{place(key)}::text" for key in cursor.keys)
        than = "<" if descending else ">"
        beyond = f"AND (e.created_at, e.id) {than} ({at}::timestamptz, {number}::bigint)"
        if descending:
            here = WITHIN.format(since, f"least({until}::timestamptz, {at}::timestamptz)")
        else:
            here = WITHIN.format(f"greatest({since}::timestamptz, {at}::timestamptz)", until)
    skipped = (listing.page - 1) * listing.size if cursor is None else 0
    joined = "JOIN ledger_transfers t ON t.id = e.transfer" if wanted.type is not None else ""
    counted = COUNTED if wanted.type is None else COUNTED_OF_A_TYPE
    statement = ENTRIES.format(
        joined=joined, counted=counted.format(joined=joined, within=within, where=where, cap=COUNT_CAP + 1),
        here=here, where=where, beyond=beyond, way="DESC" if descending else "ASC",
        size=f"{place(listing.size + 1)}::bigint", skipped=f"{place(skipped)}::bigint",
    )  # fmt: skip
    return statement, values


def _transaction(row: Mapping[str, Any]) -> TransactionOut:
    currency = row["currency"]
    return TransactionOut(
        id=row["id"], type=TYPES.get(row["reason"], EntryType.OTHER), reason=row["reason"],
        pocket=POCKET_OF[AccountKind(row["kind"])], amount=to_text(row["amount_minor"], currency),
        balance=to_text(row["current_minor"], currency), currency=currency, order_id=row["order_id"],
        payment_id=row["payment_id"], payout_id=row["payout_id"], at=row["event_at"], created_at=row["created_at"],
    )  # fmt: skip
