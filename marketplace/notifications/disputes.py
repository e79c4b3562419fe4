"""What disputes tell their sides."""

from datetime import datetime
from typing import Final

from marketplace.core import db
from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.disputes.events import (
    DisputeAnswered,
    DisputeDecided,
    DisputeEscalated,
    DisputeEvent,
    DisputeOpened,
    DisputeProposed,
    DisputeResolved,
    DisputeWithdrawn,
)
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify

STAFF: Final = """
SELECT u.id FROM users u WHERE u.role IN ('moderator', 'manager', 'admin') AND u.status = 'active' AND u.id <> ALL($2::uuid[])
  AND u.id = coalesce((SELECT d.assignee FROM disputes d WHERE d.id = $1), u.id) ORDER BY u.id
"""
"""Whose case it is; while it is nobody's, whoever may decide it. One unread line for all that waits."""


def _of(event: DisputeEvent, to_buyer: int | None = None, until: datetime | None = None) -> Details:
    return Details(
        dispute_id=event.dispute_id, order_id=event.order_id, number=event.number, title=event.title, until=until,
        currency=event.currency, amount=None if to_buyer is None else to_text(to_buyer, event.currency),
    )  # fmt: skip


@on(DisputeOpened)
async def tell_of_dispute(event: DisputeOpened) -> None:
    """Who opened it knows."""
    other = event.seller_id if event.opener_id == event.buyer_id else event.buyer_id
    await notify(Kind.DISPUTE_OPENED, _of(event, event.claim, event.due_at), [other])


@on(DisputeAnswered)
async def tell_of_answer(event: DisputeAnswered) -> None:
    """One line a dispute, however much is said."""
    await notify(Kind.DISPUTE_ANSWERED, _of(event, until=event.due_at), event.to, key=f"dispute:{event.dispute_id}")


@on(DisputeProposed)
async def tell_of_proposal(event: DisputeProposed) -> None:
    await notify(Kind.DISPUTE_PROPOSED, _of(event, event.buyer_amount), [event.to])


@on(DisputeEscalated)
async def tell_of_escalation(event: DisputeEscalated) -> None:
    sides = [event.buyer_id, event.seller_id]
    await notify(Kind.DISPUTE_ESCALATED, _of(event, until=event.due_at), sides)
    staff = await db.fetch(STAFF, event.dispute_id, sides)
    await notify(
        Kind.DISPUTE_FOR_STAFF, _of(event, until=event.due_at), [row["id"] for row in staff], key="disputes for staff"
    )


@on(DisputeDecided)
async def tell_of_decision(event: DisputeDecided) -> None:
    details = _of(event, event.buyer_amount, event.due_at)
    await notify(Kind.DISPUTE_DECIDED, details, [event.buyer_id, event.seller_id])


@on(DisputeResolved)
async def tell_of_resolution(event: DisputeResolved) -> None:
    await notify(Kind.DISPUTE_RESOLVED, _of(event, event.buyer_amount), [event.buyer_id, event.seller_id])


@on(DisputeWithdrawn)
async def tell_of_withdrawal(event: DisputeWithdrawn) -> None:
    await notify(Kind.DISPUTE_WITHDRAWN, _of(event), [event.buyer_id, event.seller_id])
