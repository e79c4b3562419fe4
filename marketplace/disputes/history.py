"""The one function that writes a dispute's status, and the one that writes what else may change in it."""

from typing import Any, Final
from uuid import UUID

from msgspec import structs

from marketplace.core import clock, db
from marketplace.disputes.queries.locking import LockedDispute
from marketplace.disputes.states import DISPUTE, DisputeStatus

MAY_CHANGE: Final = frozenset({
    "reason", "description", "claim_minor", "turn", "due_at", "assignee", "buyer_accepts", "seller_accepts", "appealed_by",
    "appeal", "closed_at",
})  # fmt: skip
WRITE: Final = (
    "INSERT INTO dispute_history (dispute, from_status, to_status, actor, note, at) VALUES ($1, $2, $3, $4, $5, $6)"
)
KNOWN: Final = frozenset(LockedDispute.__struct_fields__)


async def born(dispute_id: UUID, actor: UUID, note: str) -> None:
    await db.execute(WRITE, dispute_id, "", DisputeStatus.NEGOTIATING, actor, note, clock.now())


async def move(
    dispute: LockedDispute, to: DisputeStatus, actor: UUID | None, note: str, /, **columns: Any
) -> LockedDispute:
    """Move a locked dispute, and set columns with it. Raises IllegalTransition. Returns it as it is then."""
    DISPUTE.check(dispute.status, to)
    await _update(dispute, columns | {"status": to})
    await db.execute(WRITE, dispute.id, dispute.status, to, actor, note, clock.now())
    return _with(dispute, status=to, **columns)


async def change(dispute: LockedDispute, actor: UUID | None, note: str = "", /, **columns: Any) -> LockedDispute:
    """Set columns of a locked dispute; with a note, its history tells of it."""
    await _update(dispute, columns)
    if note:
        await db.execute(WRITE, dispute.id, dispute.status, dispute.status, actor, note, clock.now())
    return _with(dispute, **columns)


async def _update(dispute: LockedDispute, columns: dict[str, Any]) -> None:
    if unknown := columns.keys() - MAY_CHANGE - {"status"}:
        raise ValueError(f"disputes have no {', '.join(sorted(unknown))}")
    places = "".join(f", {name} = ${n}" for n, name in enumerate(columns, 3))
    await db.execute(
        f"UPDATE disputes SET updated_at = $2{places} WHERE id = $1",
        dispute.id, clock.now(), *columns.values(),
    )  # fmt: skip


def _with(dispute: LockedDispute, **columns: Any) -> LockedDispute:
    return structs.replace(dispute, **{name: value for name, value in columns.items() if name in KNOWN})
