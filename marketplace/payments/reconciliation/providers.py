"""The providers' records beside ours: each payment, refund and payout that changed lately, or is not over yet.

What a provider knows and we have not heard is applied first, as if its webhook had come; only what then still differs is a break.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.money import Money
from marketplace.payments.providers import available
from marketplace.payments.providers.base import (
    KeepsRecords,
    NotSupported,
    Outcome,
    Provider,
    ProviderUnknown,
    State,
    Subject,
)
from marketplace.payments.reconciliation.findings import Compared, Found
from marketplace.payments.service import completing, refunding
from marketplace.payments.service.payouts.completing import apply_payout

AT_ONCE: Final = 8
PAGE: Final = 500
SETTLING: Final = timedelta(minutes=2)
"""What changed more lately is still being told: the next run looks at it."""


class _Kind(Struct, frozen=True):
    """How one kind of thing is compared. `rows` selects id, provider, reference, amount_minor, currency, status and whether
    `moved`: whether our books say that the provider has moved the money."""

    subject: Subject
    rows: str
    apply: Callable[[UUID, Outcome], Awaitable[None]]


SOURCE: Final = "reconciliation"


async def _apply_charge(payment_id: UUID, outcome: Outcome) -> None:
    await completing.apply(payment_id, outcome, source=SOURCE)


async def _apply_refund(refund_id: UUID, outcome: Outcome) -> None:
    await refunding.apply_refund(refund_id, outcome, source=SOURCE)


async def _apply_payout(payout_id: UUID, outcome: Outcome) -> None:
    await apply_payout(payout_id, outcome, source=SOURCE)


KINDS: Final = (
    _Kind(
        Subject.CHARGE,
        "SELECT id, provider, reference, CASE WHEN captured_minor > 0 THEN captured_minor ELSE amount_minor END AS amount_minor, "
        "currency, status, status = 'succeeded' OR surplus AS moved FROM payments "
        "WHERE (updated_at BETWEEN $1 AND $2 OR updated_at < $1 AND status IN ('created', 'requires_action', 'processing'))",
        _apply_charge,
    ),
    _Kind(
        Subject.REFUND,
        "SELECT r.id, p.provider, r.reference, r.amount_minor, r.currency, r.status, r.status = 'succeeded' AS moved "
        "FROM refunds r JOIN payments p ON p.id = r.payment "
        "WHERE (r.updated_at BETWEEN $1 AND $2 OR r.updated_at < $1 AND r.status = 'pending')",
        _apply_refund,
    ),
    _Kind(
        Subject.PAYOUT,
        "SELECT id, provider, reference, amount_minor, currency, status, status = 'paid' AS moved FROM payouts "
        "WHERE (updated_at BETWEEN $1 AND $2 OR updated_at < $1 AND status = 'processing')",
        _apply_payout,
    ),
)


async def look_at_providers(since: datetime) -> Compared:
    """Compare what changed from `since` on with every configured provider. No transaction is open meanwhile."""
    until = clock.now() - SETTLING
    compared = Compared()
    providers = available()
    for kind in KINDS:
        async for page in _pages(kind, list(providers), since, until):
            compared.checked += len(page)
            gate = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(_compare(providers[row["provider"]], kind, row, compared, gate) for row in page))
    for provider in providers.values():
        if isinstance(provider, KeepsRecords):
            await _look_for_strangers(provider, provider.name, since, until, compared)
    return compared


async def _pages(
    kind: _Kind, names: list[str], since: datetime, until: datetime
) -> AsyncIterator[list[asyncpg.Record]]:
    last = UUID(int=0)
    while True:
        page = await db.fetch(
            f"SELECT * FROM ({kind.rows}) AS x WHERE provider = ANY($3::text[]) AND id > $4 ORDER BY id LIMIT {PAGE}",  # noqa: S608 - ours
            since, until, names, last,
        )  # fmt: skip
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


async def _compare(
    provider: Provider, kind: _Kind, row: asyncpg.Record, compared: Compared, gate: asyncio.Semaphore
) -> None:
    async with gate:
        try:
            outcome = await provider.fetch(kind.subject, row["id"], row["reference"])
        except (ProviderUnknown, NotSupported):
            compared.unheard += 1
            return
        if outcome is not None and _moved(outcome) != row["moved"]:
            await kind.apply(row["id"], outcome)
            row = await _again(kind, row["id"])
    ours = Money(row["amount_minor"], row["currency"])
    theirs_moved = outcome is not None and _moved(outcome)
    same_amount = outcome is None or not theirs_moved or outcome.amount == ours
    if theirs_moved == row["moved"] and same_amount:
        return
    compared.found.append(
        Found(
            rule="a provider has moved what our books say it has", provider=provider.name, subject=kind.subject.value,
            subject_id=str(row["id"]), ours=f"{row['status']} {ours}",
            theirs=f"{outcome.state} {outcome.amount}" if outcome else "",
        )
    )  # fmt: skip


def _moved(outcome: Outcome) -> bool:
    return outcome.state == State.SUCCEEDED


async def _again(kind: _Kind, thing: UUID) -> asyncpg.Record:
    row = await db.fetch_row(
        f"SELECT * FROM ({kind.rows}) AS x WHERE id = $3",  # noqa: S608 - ours
        datetime.min.replace(tzinfo=clock.now().tzinfo), clock.now() + timedelta(days=1), thing,
    )  # fmt: skip
    assert row is not None, "payments, refunds and payouts are never deleted"
    return row


KNOWN: Final = {
    Subject.CHARGE: "SELECT id, reference FROM payments WHERE provider = $1 AND (id = ANY($2::uuid[]) OR reference = ANY($3::text[]))",
    Subject.REFUND: "SELECT r.id, r.reference FROM refunds r JOIN payments p ON p.id = r.payment "
    "WHERE p.provider = $1 AND (r.id = ANY($2::uuid[]) OR r.reference = ANY($3::text[]))",
    Subject.PAYOUT: "SELECT id, reference FROM payouts WHERE provider = $1 AND (id = ANY($2::uuid[]) OR reference = ANY($3::text[]))",
}


async def _look_for_strangers(
    provider: KeepsRecords, name: str, since: datetime, until: datetime, compared: Compared
) -> None:
    """What the provider has moved and we know nothing of."""
    page: list[Outcome] = []
    try:
        async for outcome in provider.records(since, until):
            if outcome.subject in KNOWN and _moved(outcome):
                page.append(outcome)
            if len(page) >= PAGE:
                await _look_up(name, page, compared)
                page = []
    except ProviderUnknown:
        compared.unheard += 1
    await _look_up(name, page, compared)


async def _look_up(name: str, page: list[Outcome], compared: Compared) -> None:
    compared.checked += len(page)
    for subject, statement in KNOWN.items():
        mine = [outcome for outcome in page if outcome.subject == subject]
        if not mine:
            continue
        ids = [outcome.our_id for outcome in mine if outcome.our_id]
        rows = await db.fetch(statement, name, ids, [outcome.reference for outcome in mine])
        known_ids, references = {row["id"] for row in rows}, {row["reference"] for row in rows}
        for outcome in mine:
            if outcome.our_id not in known_ids and outcome.reference not in references:
                compared.found.append(
                    Found(
                        rule="what a provider has moved is in our books", provider=name, subject=subject.value,
                        subject_id=outcome.reference, theirs=f"{outcome.state} {outcome.amount}",
                    )
                )  # fmt: skip
