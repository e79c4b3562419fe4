"""Payouts as they are shown, and the rows that are locked to move them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import Currency, Money
from marketplace.core.pagination import ListQuery, Order
from marketplace.payments.errors import PayoutNotFound, UnknownToUs
from marketplace.payments.queries.payout_methods import MASKED
from marketplace.payments.schemas.payouts import PayoutDetail, PayoutOut
from marketplace.payments.states import PayoutSource, PayoutStatus


class PayoutFilters(Filters):
    status: list[PayoutStatus] | None = None
    source: PayoutSource | None = None
    currency: Currency | None = None


PAYOUTS: Final = Listing(
    "payouts", PayoutFilters, key=Order("p.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("p.created_at", "timestamptz"), "amount": Order("p.amount_minor", "bigint")},
    date="p.created_at",
)  # fmt: skip

ROWS: Final = "payouts p JOIN payout_methods m ON m.id = p.method"
COLUMNS: Final = f"""p.id, p.source, p.status, money_text(p.amount_minor, p.currency) AS amount, p.currency, p.provider,
  json_build_object('id', m.id, 'label', m.label, 'destination', {MASKED}) AS method,
  p.needs_approval, p.status IN ('requested', 'awaiting_approval') AS can_be_cancelled,
  p.failure_code, p.failure_message, p.created_at, p.updated_at, p.sent_at, p.paid_at"""
HISTORY: Final = """(SELECT coalesce(json_agg(json_build_object('from_status', h.from_status, 'to_status', h.to_status,
    'by', CASE WHEN h.actor IS NULL THEN 'service' WHEN h.actor = p."user" THEN 'you' ELSE 'staff' END,
    'reason', h.reason, 'at', h.at) ORDER BY h.id), '[]')
  FROM payment_history h WHERE h.subject_id = p.id AND h.subject = 'payout') AS history"""


async def list_payouts(listing: ListQuery[PayoutFilters], user_id: UUID) -> Envelope[Page[PayoutOut]]:
    """The user's own."""
    wanted = listing.filters
    found = (
        listing.rows(ROWS)
        .columns(COLUMNS)
        .where('p."user" = {}', user_id)
        .when("p.status = ANY({}::text[])", wanted.status)
        .when("p.source = {}", wanted.source)
        .when("p.currency = {}", wanted.currency)
    )
    return await found.page(PayoutOut)


async def get_payout(payout_id: UUID, user_id: UUID) -> PayoutDetail:
    """One of the user's own, with its history. Raises PayoutNotFound."""
    try:
        return await rows.one(
            PayoutDetail,
            f'SELECT {COLUMNS}, p.client_secret, p.action_kind, {HISTORY} FROM {ROWS} WHERE p.id = $1 AND p."user" = $2',
            payout_id, user_id,
        )  # fmt: skip
    except NotFound:
        raise PayoutNotFound from None


class LockedPayout(Struct, frozen=True, kw_only=True):
    """A payout, its row locked; `destination` is where it goes."""

    id: UUID
    user_id: UUID
    source: PayoutSource
    provider: str
    amount: Money
    status: PayoutStatus
    needs_approval: bool
    reference: str
    destination: str
    recipient_name: str
    created_at: datetime
    sent_at: datetime | None
    attempts: int


LOCKED: Final = """SELECT p.id, p."user" AS user_id, p.source, p.provider, p.amount_minor, p.currency, p.status, p.needs_approval,
  p.reference, p.created_at, p.sent_at, p.attempts, m.destination, m.recipient_name
FROM payouts p JOIN payout_methods m ON m.id = p.method WHERE """


async def lock_payout(payout_id: UUID, user_id: UUID | None = None) -> LockedPayout:
    """One payout; with `user_id`, only if it is theirs. Raises PayoutNotFound."""
    found = await lock_payouts([payout_id])
    if payout_id not in found or user_id not in (None, found[payout_id].user_id):
        raise PayoutNotFound
    return found[payout_id]


async def lock_payouts(ids: Sequence[UUID]) -> dict[UUID, LockedPayout]:
    """Those that there are, locked in the order of their ids."""
    found = await db.fetch(LOCKED + "p.id = ANY($1::uuid[]) ORDER BY p.id FOR UPDATE OF p", sorted(set(ids)))
    return {row["id"]: _locked(row) for row in found}


async def lock_due(most: int) -> list[LockedPayout]:
    """The oldest that may be sent and have not been, but those that somebody else is about to send."""
    found = await db.fetch(
        LOCKED + "p.sent_at IS NULL AND (p.status = 'requested' OR p.status = 'processing') "
        "ORDER BY p.created_at, p.id LIMIT $1 FOR UPDATE OF p SKIP LOCKED",
        most,
    )
    return [_locked(row) for row in found]


async def lock_to_check(most: int, now: datetime) -> list[LockedPayout]:
    """Those whose provider is to be asked again, but those that somebody else is asking about."""
    found = await db.fetch(
        LOCKED + "p.status = 'processing' AND p.check_at <= $2 ORDER BY p.check_at, p.id LIMIT $1 FOR UPDATE OF p SKIP LOCKED",
        most, now,
    )  # fmt: skip
    return [_locked(row) for row in found]


async def find_payout(provider: str, our_id: UUID | None, reference: str) -> UUID:
    """The payout a provider speaks of, by our id of it or its own. Raises UnknownToUs."""
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM payouts WHERE provider = $1 AND (id = $2 OR ($2::uuid IS NULL AND reference = $3 AND reference <> ''))",
        provider, our_id, reference,
    )  # fmt: skip
    if found is None:
        raise UnknownToUs(provider=provider, reference=reference)
    return found


async def is_work_waiting(now: datetime) -> bool:
    """Whether anything is to be sent or asked about."""
    return bool(
        await db.fetch_val(
            "SELECT EXISTS (SELECT FROM payouts WHERE sent_at IS NULL AND status IN ('requested', 'processing')) "
            "OR EXISTS (SELECT FROM payouts WHERE status = 'processing' AND check_at <= $1)",
            now,
        )
    )


def _locked(row: Any) -> LockedPayout:
    values = dict(row)
    amount = Money(values.pop("amount_minor"), values.pop("currency"))
    return LockedPayout(
        **values | {"source": PayoutSource(row["source"]), "status": PayoutStatus(row["status"])}, amount=amount
    )
