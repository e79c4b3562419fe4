"""The history of money's papers: who moved them, when, why. Status columns of payments, refunds and chargebacks are written
here only; payouts move many at a time, in `service.payouts.moving`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.states import Machine
from marketplace.payments.states import CHARGEBACK, PAYMENT, PAYOUT, REFUND


class Paper(Struct, frozen=True):
    """A kind of row with a status: its name in the history, its table and its machine."""

    name: str
    table: str
    machine: Machine[Any]


PAPERS: Final = {
    "payment": Paper("payment", "payments", PAYMENT),
    "refund": Paper("refund", "refunds", REFUND),
    "payout": Paper("payout", "payouts", PAYOUT),
    "chargeback": Paper("chargeback", "chargebacks", CHARGEBACK),
}


async def born(paper: str, paper_id: UUID, status: StrEnum, actor: UUID | None, reason: str = "") -> None:
    """A row that has just been inserted with `status`."""
    await _write(paper, paper_id, "", status, actor, reason)


async def move(
    paper: str, paper_id: UUID, before: StrEnum, after: StrEnum, actor: UUID | None, reason: str, **columns: Any
) -> None:
    """Move a locked row, and set `columns` of it with the same statement. Raises IllegalTransition."""
    PAPERS[paper].machine.check(before, after)
    await change(paper, paper_id, status=after.value, **columns)
    await _write(paper, paper_id, before, after, actor, reason)


async def change(paper: str, paper_id: UUID, **columns: Any) -> None:
    """Set columns of a locked row. The names are ours, never a caller's text."""
    values = columns | {"updated_at": clock.now()}
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 2))
    await db.execute(f"UPDATE {PAPERS[paper].table} SET {settings} WHERE id = $1", paper_id, *values.values())  # noqa: S608


async def _write(paper: str, paper_id: UUID, before: str, after: str, actor: UUID | None, reason: str) -> None:
    await write(
        [Step(subject=PAPERS[paper].name, subject_id=paper_id, before=before, after=after, actor=actor, reason=reason)]
    )


class Step(Struct, frozen=True, kw_only=True):
    """A row of the history; `before` is empty for what has just come to be."""

    subject: str
    subject_id: UUID
    before: str = ""
    after: str
    actor: UUID | None = None
    reason: str = ""


async def write(steps: Sequence[Step]) -> None:
    """Append to the history, in this order."""
    await db.execute(
        "INSERT INTO payment_history (subject, subject_id, from_status, to_status, actor, reason, at) "
        "SELECT w.subject, w.id, w.before, w.after, w.actor, w.reason, $7 "
        "FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[]) "
        "WITH ORDINALITY AS w(subject, id, before, after, actor, reason, n) ORDER BY w.n",
        [step.subject for step in steps], [step.subject_id for step in steps], [step.before for step in steps],
        [step.after for step in steps], [step.actor for step in steps], [step.reason for step in steps], clock.now(),
    )  # fmt: skip
