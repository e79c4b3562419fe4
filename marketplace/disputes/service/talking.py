"""What the sides and staff say to each other, and who asks staff to decide."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.text import prose
from marketplace.disputes import history, telling
from marketplace.disputes.errors import OwnDispute
from marketplace.disputes.events import DisputeAnswered, DisputeEscalated
from marketplace.disputes.evidence import EVIDENCE
from marketplace.disputes.queries.locking import LockedDispute, lock_dispute, lock_dispute_of
from marketplace.disputes.service import turns
from marketplace.disputes.states import LIVING, DisputeStatus, Side, Turn, must_be
from marketplace.media.service import attachments


async def say(dispute_id: UUID, viewer_id: UUID, body: str, evidence: Sequence[UUID] = ()) -> UUID:
    """By a side, who may show files. Who was awaited has answered. The message's id.

    Raises DisputeNotFound, IllegalTransition when it is over, and what refuses a file.
    """
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        check_open(dispute)
        side = dispute.side_of(viewer_id)
        message_id = await _write(dispute, viewer_id, body, internal=False)
        await attachments.attach(evidence, EVIDENCE, dispute.id, owner_id=viewer_id, field="evidence")
        after = await turns.spoken(dispute, side)
        await _tell(after, [dispute.who(side.other)])
        return message_id


async def say_as_staff(dispute_id: UUID, actor_id: UUID, body: str, *, internal: bool) -> UUID:
    """To both sides, or (`internal`) among staff, also when it is over. Raises DisputeNotFound, OwnDispute, IllegalTransition."""
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        check_impartial(dispute, actor_id)
        if not internal:
            check_open(dispute)
        message_id = await _write(dispute, actor_id, body, internal=internal)
        if not internal:
            await _tell(dispute, [dispute.order.buyer, dispute.order.seller])
        return message_id


async def ask(dispute_id: UUID, actor_id: UUID, side: Side, days: int, body: str) -> UUID:
    """Staff want an answer from one side within so many days. Raises DisputeNotFound, OwnDispute, IllegalTransition."""
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        check_impartial(dispute, actor_id)
        if dispute.status is DisputeStatus.NEGOTIATING:
            dispute = await history.move(dispute, DisputeStatus.UNDER_REVIEW, actor_id, "Staff look at it")
        else:
            must_be(dispute.status, DisputeStatus.UNDER_REVIEW)  # nobody is asked about what is decided
        message_id = await _write(dispute, actor_id, body, internal=False)
        due_at = clock.now() + timedelta(days=days)
        asked = await turns.until(dispute, Turn(side), due_at, actor_id, f"Staff asked the {side}")
        await _tell(asked, [dispute.who(side)])
        return message_id


async def escalate(dispute_id: UUID, viewer_id: UUID, note: str) -> None:
    """A side asks staff to decide. Raises DisputeNotFound, IllegalTransition."""
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        must_be(dispute.status, DisputeStatus.NEGOTIATING)  # what is decided is appealed
        await hand_over(dispute, viewer_id, prose(note, "note") or "Staff are asked to decide")


async def hand_over(dispute: LockedDispute, actor: UUID | None, note: str) -> LockedDispute:
    """Staff have to decide a locked dispute. Raises IllegalTransition."""
    moved = await history.move(dispute, DisputeStatus.UNDER_REVIEW, actor, note)
    given = await turns.give(moved, Turn.STAFF, None)
    assert given.due_at is not None
    await outbox.emit(DisputeEscalated(**telling.of(given), appealed=False, due_at=given.due_at))
    return given


def check_open(dispute: LockedDispute) -> None:
    """Raises IllegalTransition when it is over."""
    must_be(dispute.status, *LIVING)


def check_impartial(dispute: LockedDispute, actor_id: UUID) -> None:
    if dispute.is_party(actor_id):
        raise OwnDispute


async def _write(dispute: LockedDispute, author: UUID, body: str, *, internal: bool) -> UUID:
    message_id = uuid7()
    await db.execute(
        "INSERT INTO dispute_messages (id, dispute, author, body, internal, at) VALUES ($1, $2, $3, $4, $5, $6)",
        message_id, dispute.id, author, prose(body, "message", required=True), internal, clock.now(),
    )  # fmt: skip
    return message_id


async def _tell(dispute: LockedDispute, to: list[UUID]) -> None:
    await outbox.emit(DisputeAnswered(**telling.of(dispute), to=to, due_at=dispute.due_at))
