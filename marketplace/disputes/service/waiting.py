"""What follows when the time has passed: a side was silent, staff are late, or nobody appealed. RULES: Orders."""

from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, db, timers
from marketplace.disputes import history, rules
from marketplace.disputes.queries.locking import LockedDispute, lock_dispute
from marketplace.disputes.service import deciding, settling, talking, turns
from marketplace.disputes.service.settling import Split
from marketplace.disputes.states import OVER, DisputeStatus, How, Side, Turn
from marketplace.orders.errors import NothingHeld, OrderFrozen, SplitNotExact

S = DisputeStatus
OPEN_OF: Final = """SELECT id FROM disputes WHERE "order" = $1 AND status NOT IN ('resolved', 'withdrawn')"""
LOOK_AGAIN: Final = timedelta(hours=6)
"""While the payer's bank decides, nobody else does."""


async def due(dispute_id: UUID) -> None:
    """Safe to repeat, and early: what the row says counts."""
    async with db.transaction():
        dispute = await lock_dispute(dispute_id)
        if dispute.due_at is None:
            return
        if dispute.due_at > clock.now():
            await timers.schedule(turns.DUE, dispute.id, dispute.due_at)
            return
        try:
            async with db.savepoint():
                await _follows(dispute)
        except OrderFrozen:
            await _later(dispute)


async def _follows(dispute: LockedDispute) -> None:
    if dispute.turn in (Turn.BUYER, Turn.SELLER):
        await _silent(dispute, Side(dispute.turn))
    elif dispute.status is S.DECIDED:
        await _undisputed(dispute)


async def _silent(dispute: LockedDispute, side: Side) -> None:
    """Who says nothing loses: the opener gets nothing of what they claimed, the other side has it granted."""
    held, reason = dispute.held.minor, f"The {side} was silent"
    if held == 0:
        await settling.close_empty(dispute)
    elif not await rules.silence_decides(dispute.order.kind):
        await _to_staff(dispute, reason)
    else:
        buyer = min(dispute.claim_minor, held)
        if side is dispute.opened_by:
            buyer = 0 if side is Side.BUYER else held
        await deciding.decide(dispute, Split(buyer, held - buyer), None, reason, How.SILENCE)


async def _to_staff(dispute: LockedDispute, reason: str) -> None:
    if dispute.status is S.UNDER_REVIEW:
        await turns.give(dispute, Turn.STAFF, None, reason)
    else:
        await talking.hand_over(dispute, None, reason)


async def _undisputed(dispute: LockedDispute) -> None:
    try:
        async with db.savepoint():
            await deciding.carry_out_decision(dispute)
    except NothingHeld:
        await settling.close_empty(dispute)
    except SplitNotExact:
        await talking.hand_over(dispute, None, "The payer's bank took some of it: it has to be divided anew")


async def bank_has_decided(order_id: UUID) -> None:
    """If it took everything, there is nothing left to dispute. Safe to repeat."""
    async with db.transaction():
        open_one = await db.fetch_val(OPEN_OF, order_id)
        if open_one is None:
            return
        dispute = await lock_dispute(open_one)
        if dispute.status in OVER or dispute.held.minor:
            return
        with suppress(OrderFrozen):  # another demand of a bank is open, and its end will be heard of
            async with db.savepoint():
                await settling.close_empty(dispute)


async def _later(dispute: LockedDispute) -> None:
    await history.change(dispute, None, due_at=clock.now() + LOOK_AGAIN)
    await timers.schedule(turns.DUE, dispute.id, clock.now() + LOOK_AGAIN)
