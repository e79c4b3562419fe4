"""Whose move is awaited, and until when. The timer `disputes.due` looks at the row for itself."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.core import clock, timers
from marketplace.disputes import history, rules
from marketplace.disputes.queries.locking import LockedDispute
from marketplace.disputes.states import UNDECIDED, DisputeStatus, Side, Turn

DUE: Final = "disputes.due"


async def give(dispute: LockedDispute, turn: Turn, actor: UUID | None, note: str = "") -> LockedDispute:
    """The next word is theirs."""
    period = await (rules.review() if turn is Turn.STAFF else rules.response())
    return await until(dispute, turn, clock.now() + period, actor, note)


async def until(
    dispute: LockedDispute, turn: Turn, due_at: datetime, actor: UUID | None, note: str = ""
) -> LockedDispute:
    changed = await history.change(dispute, actor, note, turn=turn, due_at=due_at)
    await timers.schedule(DUE, dispute.id, due_at)
    return changed


async def over(dispute: LockedDispute) -> dict[str, Any]:
    """The columns of a dispute that waits for nobody any more; its timer is gone."""
    await timers.cancel(DUE, dispute.id)
    return {"turn": Turn.NOBODY, "due_at": None}


async def spoken(dispute: LockedDispute, by: Side) -> LockedDispute:
    """A side has said its part: if it was asked by staff, they go on; else it is for the other side to answer."""
    if dispute.status not in UNDECIDED or dispute.turn != by.value:
        return dispute
    under_review = dispute.status is DisputeStatus.UNDER_REVIEW
    return await give(dispute, Turn.STAFF if under_review else Turn(by.other), None)
