"""Opening a dispute, changing what it says, and taking it back."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import to_minor, to_text
from marketplace.core.text import prose
from marketplace.disputes import history, telling
from marketplace.disputes.errors import OnlyTheOpener
from marketplace.disputes.events import DisputeOpened, DisputeWithdrawn
from marketplace.disputes.evidence import EVIDENCE
from marketplace.disputes.queries.locking import LockedDispute, lock_dispute, lock_dispute_of
from marketplace.disputes.service import proposing, turns
from marketplace.disputes.states import DISPUTE, DisputeStatus, Reason, Side, Turn, must_be
from marketplace.media.service import attachments
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order_of
from marketplace.orders.service import freezing

FEWEST: Final = 20
INSERT = """
INSERT INTO disputes (id, "order", opener, reason, description, currency, claim_minor, held_minor, status, turn, buyer_accepts,
  seller_accepts, appeal, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'negotiating', '', false, false, '', $9, $9)
"""


async def open_dispute(
    order_id: UUID,
    opener: UUID,
    reason: Reason,
    description: str,
    wanted: str | None = None,
    evidence: Sequence[UUID] = (),
) -> UUID:
    """By its buyer or its seller, while its money is in escrow, which stays there from now on. The dispute's id.

    `wanted` is what the buyer should get back, as text in the order's currency: everything or nothing, unless said. Raises
    OrderNotFound, NothingHeld, OrderFrozen, IllegalTransition, ValidationFailed, and what refuses a file.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, opener)
        claim = _claim(order, Side.BUYER if opener == order.buyer else Side.SELLER, wanted)
        await freezing.freeze(order_id, freezing.DISPUTE, opener, f"dispute, {reason.value.replace('_', ' ')}")
        dispute_id = uuid7()
        await db.execute(
            INSERT, dispute_id, order_id, opener, reason.value, _story(description), order.currency, claim, order.held_minor,
            clock.now(),
        )  # fmt: skip
        await history.born(dispute_id, opener, "Opened")
        await attachments.attach(evidence, EVIDENCE, dispute_id, owner_id=opener, field="evidence")
        dispute = await lock_dispute(dispute_id)
        dispute = await turns.give(dispute, Turn(dispute.opened_by.other), None)
        assert dispute.due_at is not None
        await outbox.emit(
            DisputeOpened(
                **telling.of(dispute), opener_id=opener, reason=reason.value, claim=claim, due_at=dispute.due_at
            )
        )  # fmt: skip
        return dispute_id


def _story(description: str) -> str:
    story = prose(description, "description", required=True)
    if len(story) < FEWEST:
        raise ValidationFailed.of("description", f"Say what happened, in {FEWEST} characters or more.")
    return story


def _claim(order: LockedOrder, side: Side, wanted: str | None) -> int:
    if wanted is None:
        return order.held_minor if side is Side.BUYER else 0
    claim = to_minor(wanted, order.currency, "requested_amount")
    if claim > order.held_minor > 0:
        most = to_text(order.held_minor, order.currency)
        raise ValidationFailed.of("requested_amount", f"At most what is in escrow: {most} {order.currency}.")
    return claim


async def update(
    dispute_id: UUID,
    viewer_id: UUID,
    reason: Reason | UnsetType = UNSET,
    description: str | UnsetType = UNSET,
    wanted: str | UnsetType = UNSET,
) -> None:
    """By who opened it, while the sides are negotiating. Raises DisputeNotFound, OnlyTheOpener, IllegalTransition."""
    async with db.transaction():
        dispute = await _lock_own(dispute_id, viewer_id)
        must_be(dispute.status, DisputeStatus.NEGOTIATING)
        columns: dict[str, object] = {}
        if reason is not UNSET:
            columns["reason"] = reason.value
        if description is not UNSET:
            columns["description"] = _story(description)
        if wanted is not UNSET:
            columns["claim_minor"] = _claim(dispute.order, dispute.opened_by, wanted)
        if columns:
            await history.change(dispute, viewer_id, f"Changed: {', '.join(sorted(columns))}", **columns)


async def withdraw(dispute_id: UUID, viewer_id: UUID, note: str) -> None:
    """By who opened it, until it is decided: the order goes on. Raises DisputeNotFound, OnlyTheOpener, IllegalTransition."""
    async with db.transaction():
        dispute = await _lock_own(dispute_id, viewer_id)
        DISPUTE.check(dispute.status, DisputeStatus.WITHDRAWN)
        await proposing.supersede(dispute)
        columns = await turns.over(dispute)
        over = await history.move(
            dispute,
            DisputeStatus.WITHDRAWN,
            viewer_id,
            prose(note, "note") or "Withdrawn",
            closed_at=clock.now(),
            **columns,
        )
        await freezing.unfreeze(dispute.order.id, viewer_id, "the dispute was withdrawn")
        await outbox.emit(DisputeWithdrawn(**telling.of(over)))


async def _lock_own(dispute_id: UUID, viewer_id: UUID) -> LockedDispute:
    dispute = await lock_dispute_of(dispute_id, viewer_id)
    if dispute.opener != viewer_id:
        raise OnlyTheOpener
    return dispute
