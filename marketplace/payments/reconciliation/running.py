"""A run: look twice, write down what is broken, tell staff of what is new."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import audit, clock, db, outbox
from marketplace.core.errors import Conflict, NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.payments.events import BooksBroken
from marketplace.payments.reconciliation.books import concerns_money, look_at_books
from marketplace.payments.reconciliation.findings import Compared, Found
from marketplace.payments.reconciliation.providers import look_at_providers

LOOKS_BACK: Final = timedelta(days=3)
SECOND_LOOK_SECONDS: Final = 3.0
"""What is merely underway (an outbox row, a provider's answer) is over by then."""
SHOWN: Final = 20


class Report(Struct, frozen=True, kw_only=True):
    """`found` is everything that does not hold now; `new` how many of it no earlier run had found and left open."""

    run_id: UUID
    checked: int
    unheard: int
    found: list[Found]
    new: int


async def reconcile(since: datetime | None = None, *, with_providers: bool = True) -> Report:
    """Compare our books with themselves and with the providers' records since then (three days, unless told).

    Writes down breaks that concern money, which pauses payouts, and tells staff of new ones. Talks to providers: not in a
    transaction.
    """
    since = since or clock.now() - LOOKS_BACK
    run_id, started_at = uuid7(), clock.now()
    compared = await look_at_providers(since) if with_providers else Compared()
    found = [*await _books_at_second_look(), *compared.found]
    async with db.transaction():
        # One at a time: two runs that find the same break at once write it once.
        await db.execute("SELECT pg_advisory_xact_lock(hashtext('payments.reconciliation'))")
        await db.execute(
            "INSERT INTO reconciliation_runs (id, started_at, finished_at, checked, breaks) VALUES ($1, $2, $3, $4, $5)",
            run_id, started_at, clock.now(), compared.checked, len(found),
        )  # fmt: skip
        new = await _write_down(run_id, [one for one in found if concerns_money(one)])
        if new:
            await outbox.emit(BooksBroken(run_id=run_id, breaks=len(new), examples=[str(one) for one in new[:SHOWN]]))
    return Report(run_id=run_id, checked=compared.checked, unheard=compared.unheard, found=found, new=len(new))


async def _books_at_second_look() -> list[Found]:
    first = await look_at_books()
    if not first:
        return []
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    before = {one.fingerprint for one in first}
    return [one for one in await look_at_books() if one.fingerprint in before]


async def _write_down(run_id: UUID, found: list[Found]) -> list[Found]:
    """Store breaks; those that are open already get this run as their latest. Returns the new ones."""
    by_fingerprint = {one.fingerprint: one for one in found}
    if not by_fingerprint:
        return []
    values = list(by_fingerprint.values())
    rows = await db.fetch(
        "INSERT INTO reconciliation_breaks (id, first_run, last_run, fingerprint, rule, provider, subject, subject_id, ours, "
        "theirs, found_at, note) SELECT id, $1, $1, f, r, p, s, i, o, t, $10, '' FROM unnest($2::uuid[], $3::text[], $4::text[], "
        "$5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS x(id, f, r, p, s, i, o, t) "
        "ON CONFLICT (fingerprint) WHERE closed_at IS NULL DO UPDATE SET last_run = EXCLUDED.last_run, ours = EXCLUDED.ours, "
        "theirs = EXCLUDED.theirs RETURNING fingerprint, first_run = $1 AS is_new",
        run_id, [uuid7() for _ in values], list(by_fingerprint), [one.rule for one in values],
        [one.provider for one in values], [one.subject for one in values], [one.subject_id for one in values],
        [one.ours for one in values], [one.theirs for one in values], clock.now(),
    )  # fmt: skip
    return [by_fingerprint[row["fingerprint"]] for row in rows if row["is_new"]]


class BreakNotFound(NotFound):
    code = "break_not_found"
    default_message = "There is no such break."


class BreakClosed(Conflict):
    code = "break_closed"
    default_message = "That break has been closed already."


async def close_break(break_id: UUID, actor: UUID, note: str) -> None:
    """Staff have found out why, and mended it. The next run opens it anew if it is still there.

    Raises ValidationFailed without a note, BreakNotFound, BreakClosed.
    """
    if not note.strip():
        raise ValidationFailed.of("note", "Say what it was and how it was mended.")
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT rule, subject_id, closed_at FROM reconciliation_breaks WHERE id = $1 FOR UPDATE", break_id
        )
        if row is None:
            raise BreakNotFound
        if row["closed_at"] is not None:
            raise BreakClosed
        await db.execute(
            "UPDATE reconciliation_breaks SET closed_at = $2, closed_by = $3, note = $4 WHERE id = $1",
            break_id, clock.now(), actor, note.strip(),
        )  # fmt: skip
        await audit.record(
            actor=actor, action="reconciliation_break.closed", object_type="reconciliation_break", object_id=break_id,
            reason=note.strip(), after={"rule": row["rule"], "subject_id": row["subject_id"]},
        )  # fmt: skip
