"""Staff decide: first so that it may be appealed, then for good. RULES: Orders."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from marketplace.core import audit, clock, db, outbox
from marketplace.core.money import to_minor, to_text
from marketplace.core.states import IllegalTransition
from marketplace.core.text import prose
from marketplace.disputes import history, rules, telling
from marketplace.disputes.errors import AlreadyAppealed, AlreadyAssigned, NothingToAppeal, SecondReviewer
from marketplace.disputes.events import DisputeDecided, DisputeEscalated
from marketplace.disputes.queries.locking import LockedDispute, lock_dispute, lock_dispute_of
from marketplace.disputes.service import proposing, settling, turns
from marketplace.disputes.service.settling import Split
from marketplace.disputes.service.talking import check_impartial, check_open
from marketplace.disputes.states import DISPUTE, DisputeStatus, How, Side, Turn, must_be

S = DisputeStatus
CANDIDATES: Final = 20
NEXT: Final = """
SELECT d.id FROM disputes d JOIN orders o ON o.id = d."order"
WHERE d.turn = 'staff' AND d.assignee IS NULL AND $1 NOT IN (o.buyer, o.seller)
  AND NOT EXISTS (SELECT FROM dispute_decisions c WHERE c.dispute = d.id AND c.actor = $1)
ORDER BY d.due_at, d.id LIMIT $2
"""


async def take(dispute_id: UUID, actor_id: UUID, *, over: bool = False) -> None:
    """The case is this moderator's from now on. Raises DisputeNotFound, OwnDispute, IllegalTransition, AlreadyAssigned
    (unless it is taken `over`).
    """
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        check_impartial(dispute, actor_id)
        check_open(dispute)
        if dispute.assignee == actor_id:
            return
        if dispute.assignee and not over:
            raise AlreadyAssigned(assigned_to=str(dispute.assignee))
        await history.change(dispute, actor_id, "Taken by a moderator", assignee=actor_id)
        await _audit("dispute.taken", dispute, actor_id, "", assigned_to=str(actor_id))


async def take_next(actor_id: UUID) -> UUID | None:
    """Take the most urgent case that waits for staff, is nobody's, and is one this moderator may decide. None: there is none."""
    for row in await db.fetch(NEXT, actor_id, CANDIDATES):
        with suppress(AlreadyAssigned, IllegalTransition):  # a colleague was faster
            await take(row["id"], actor_id)
            return UUID(str(row["id"]))
    return None


async def let_go(dispute_id: UUID, actor_id: UUID) -> None:
    """Whoever has time may take it. Raises DisputeNotFound, IllegalTransition, AlreadyAssigned when it is somebody else's."""
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        check_open(dispute)
        if dispute.assignee is None:
            return
        if dispute.assignee != actor_id:
            raise AlreadyAssigned(assigned_to=str(dispute.assignee))
        await history.change(dispute, actor_id, "Given back by its moderator", assignee=None)
        await _audit("dispute.let_go", dispute, actor_id, "")


async def resolve(dispute_id: UUID, actor_id: UUID, buyer_amount: str, seller_amount: str, reason: str) -> None:
    """Decide a case by an exact split of what is held, in text of the order's currency.

    The first decision is carried out when the time to appeal is over, or at once where there is none; one after an appeal at
    once. Raises DisputeNotFound, OwnDispute, SecondReviewer, IllegalTransition, NothingHeld, SplitNotExact, OrderFrozen.
    """
    reason = prose(reason, "reason", required=True)
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        check_impartial(dispute, actor_id)
        currency = dispute.order.currency
        split = Split(
            to_minor(buyer_amount, currency, "buyer_amount"), to_minor(seller_amount, currency, "seller_amount")
        )
        if dispute.status is S.APPEALED:
            await _decide_for_good(dispute, split, actor_id, reason)
        else:
            await decide(dispute, split, actor_id, reason, How.STAFF)
        await _audit(
            "dispute.decided", dispute, actor_id, reason, buyer=buyer_amount, seller=seller_amount, currency=currency
        )


async def decide(dispute: LockedDispute, split: Split, actor: UUID | None, reason: str, how: How) -> None:
    """A locked dispute, in the first instance. Raises IllegalTransition, NothingHeld, SplitNotExact, OrderFrozen."""
    DISPUTE.check(dispute.status, S.DECIDED)
    await proposing.supersede(dispute)
    period = await rules.appeal()
    await settling.record(dispute, split, actor, reason, how, final=not period)
    if not period:
        await settling.carry_out(dispute, split, actor, reason, how)
        return
    due_at = clock.now() + period
    held = dispute.held.minor
    moved = await history.move(
        dispute, S.DECIDED, actor, reason, buyer_accepts=split.buyer_minor == held, seller_accepts=split.seller_minor == held
    )  # fmt: skip
    moved = await turns.until(moved, Turn.NOBODY, due_at, None)
    await outbox.emit(
        DisputeDecided(
            **telling.of(moved), how=how.value, buyer_amount=split.buyer_minor, seller_amount=split.seller_minor, due_at=due_at
        )
    )  # fmt: skip


async def _decide_for_good(dispute: LockedDispute, split: Split, actor_id: UUID, reason: str) -> None:
    first = await settling.last_decision(dispute)
    if first.actor == actor_id:
        raise SecondReviewer
    await settling.record(dispute, split, actor_id, reason, How.APPEAL)
    await settling.carry_out(dispute, split, actor_id, reason, How.APPEAL)


async def appeal(dispute_id: UUID, viewer_id: UUID, reason: str) -> None:
    """A side that did not get everything has somebody else look at it, once. Raises DisputeNotFound, AlreadyAppealed,
    IllegalTransition, NothingToAppeal.
    """
    reason = prose(reason, "reason", required=True)
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        if dispute.appealed_by is not None:
            raise AlreadyAppealed
        DISPUTE.check(dispute.status, S.APPEALED)
        if dispute.accepts(dispute.side_of(viewer_id)):
            raise NothingToAppeal
        moved = await history.move(
            dispute, S.APPEALED, viewer_id, f"Appealed: {reason}", appealed_by=viewer_id, appeal=reason, assignee=None
        )
        moved = await turns.give(moved, Turn.STAFF, None)
        assert moved.due_at is not None
        await outbox.emit(DisputeEscalated(**telling.of(moved), appealed=True, due_at=moved.due_at))


async def accept(dispute_id: UUID, viewer_id: UUID) -> None:
    """A side will not appeal; when neither will, the money moves. Raises DisputeNotFound, IllegalTransition, OrderFrozen."""
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        must_be(dispute.status, S.DECIDED)
        side = dispute.side_of(viewer_id)
        if dispute.accepts(side):
            return
        column = "buyer_accepts" if side is Side.BUYER else "seller_accepts"
        accepted = await history.change(dispute, viewer_id, f"The {side} accepts the decision", **{column: True})
        if accepted.buyer_accepts and accepted.seller_accepts:
            await carry_out_decision(accepted)


async def carry_out_decision(dispute: LockedDispute) -> None:
    """The decision of a locked dispute stands: the money moves. Raises OrderFrozen, NothingHeld, SplitNotExact."""
    first = await settling.last_decision(dispute)
    await settling.carry_out(dispute, first.split, first.actor, first.reason, first.how)


async def _audit(action: str, dispute: LockedDispute, actor_id: UUID, reason: str, **after: str) -> None:
    held = to_text(dispute.held.minor, dispute.order.currency)
    await audit.record(
        actor=actor_id, action=action, object_type="dispute", object_id=dispute.id, reason=reason,
        before={"status": dispute.status.value, "held": held}, after=dict(after),
    )  # fmt: skip
