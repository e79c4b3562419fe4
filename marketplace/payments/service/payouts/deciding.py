"""What becomes of a payout before it is sent: approved or rejected by a second person, or cancelled by its user."""

from uuid import UUID

from marketplace.core import audit, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.payments.errors import OwnPayout
from marketplace.payments.queries.payouts import LockedPayout, lock_payout
from marketplace.payments.service import pausing
from marketplace.payments.service.payouts.moving import Move, move
from marketplace.payments.states import PayoutStatus


async def approve(payout_id: UUID, staff_id: UUID, note: str = "") -> None:
    """Let a payout go that waits for approval; it is sent after commit. The caller has checked that it is staff's.

    Raises PayoutNotFound, OwnPayout, IllegalTransition, PayoutsPaused.
    """
    async with db.transaction():
        payout = await _lock_for_staff(payout_id, staff_id, PayoutStatus.PROCESSING)
        await pausing.check()
        await move(Move(payout=payout, path=[PayoutStatus.PROCESSING], actor=staff_id, reason=note, approved=True))
        await _audit("payout.approved", payout, staff_id, note)


async def reject(payout_id: UUID, staff_id: UUID, reason: str) -> None:
    """Put the money back where it came from, and say why. Raises PayoutNotFound, OwnPayout, IllegalTransition, ValidationFailed."""
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        payout = await _lock_for_staff(payout_id, staff_id, PayoutStatus.REJECTED)
        await move(Move(payout=payout, path=[PayoutStatus.REJECTED], actor=staff_id, reason=reason))
        await _audit("payout.rejected", payout, staff_id, reason)


async def cancel(payout_id: UUID, user_id: UUID) -> None:
    """Put the user's own money back, before it is sent. Raises PayoutNotFound, IllegalTransition."""

    async def once() -> None:
        async with db.transaction():
            payout = await lock_payout(payout_id, user_id)
            await move(Move(payout=payout, path=[PayoutStatus.CANCELLED], actor=user_id))

    await db.retrying(once)


async def _lock_for_staff(payout_id: UUID, staff_id: UUID, to: PayoutStatus) -> LockedPayout:
    payout = await lock_payout(payout_id)
    if payout.user_id == staff_id:
        raise OwnPayout
    if payout.status is not PayoutStatus.AWAITING_APPROVAL:
        # Some other states may become these too, but not by anybody's decision.
        raise IllegalTransition(
            f"{payout.status} cannot become {to}.", current=payout.status.value, target=to.value, allowed=[]
        )
    return payout


async def _audit(action: str, payout: LockedPayout, staff_id: UUID, reason: str) -> None:
    await audit.record(
        actor=staff_id, action=action, object_type="payout", object_id=payout.id, reason=reason,
        before={"status": payout.status.value}, after={"amount": payout.amount.text, "currency": payout.amount.currency},
    )  # fmt: skip
