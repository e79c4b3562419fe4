"""Disputes read for update. Their order's row is locked before them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.disputes.errors import DisputeNotFound, ProposalNotFound
from marketplace.disputes.states import DisputeStatus, ProposalStatus, Side, Turn
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order

DISPUTE: Final = """
SELECT d.id, d.opener, d.claim_minor, d.status, d.turn, d.due_at, d.assignee, d.buyer_accepts, d.seller_accepts, d.appealed_by
FROM disputes d WHERE d.id = $1 FOR UPDATE
"""
PROPOSAL: Final = """
SELECT id, proposer, buyer_minor, seller_minor, status FROM dispute_proposals WHERE id = $1 AND dispute = $2 FOR UPDATE
"""


class LockedDispute(Struct, frozen=True, kw_only=True):
    """A dispute under its row lock, and its order under its own."""

    order: LockedOrder
    id: UUID
    opener: UUID
    claim_minor: int
    status: DisputeStatus
    turn: Turn
    due_at: datetime | None
    assignee: UUID | None
    buyer_accepts: bool
    seller_accepts: bool
    appealed_by: UUID | None

    @property
    def held(self) -> Money:
        return Money(self.order.held_minor, self.order.currency)

    @property
    def opened_by(self) -> Side:
        return self.side_of(self.opener)

    def side_of(self, user_id: UUID) -> Side:
        """Of one of the two."""
        return Side.BUYER if user_id == self.order.buyer else Side.SELLER

    def who(self, side: Side) -> UUID:
        return self.order.buyer if side is Side.BUYER else self.order.seller

    def is_party(self, user_id: UUID) -> bool:
        return user_id in (self.order.buyer, self.order.seller)

    def accepts(self, side: Side) -> bool:
        return self.buyer_accepts if side is Side.BUYER else self.seller_accepts


class LockedProposal(Struct, frozen=True, kw_only=True):
    id: UUID
    proposer: UUID
    buyer_minor: int
    seller_minor: int
    status: ProposalStatus


async def lock_dispute(dispute_id: UUID) -> LockedDispute:
    """Raises DisputeNotFound."""
    order_id = await db.fetch_val('SELECT "order" FROM disputes WHERE id = $1', dispute_id)
    if order_id is None:
        raise DisputeNotFound
    order = await lock_order(order_id)
    row = await db.fetch_row(DISPUTE, dispute_id)
    assert row is not None, "disputes are never deleted"
    return _locked(row, order)


async def lock_dispute_of(dispute_id: UUID, viewer_id: UUID) -> LockedDispute:
    """One of which the viewer is a side. Raises DisputeNotFound for anybody else's, before anything waits for it."""
    own = 'SELECT true FROM disputes d JOIN orders o ON o.id = d."order" WHERE d.id = $1 AND $2 IN (o.buyer, o.seller)'
    if not await db.fetch_val(own, dispute_id, viewer_id):
        raise DisputeNotFound
    return await lock_dispute(dispute_id)


def _locked(row: Mapping[str, Any], order: LockedOrder) -> LockedDispute:
    known = dict(row) | {"status": DisputeStatus(row["status"]), "turn": Turn(row["turn"])}
    return LockedDispute(order=order, **known)


async def lock_proposal(dispute: LockedDispute, proposal_id: UUID) -> LockedProposal:
    """Of a locked dispute. Raises ProposalNotFound."""
    row = await db.fetch_row(PROPOSAL, proposal_id, dispute.id)
    if row is None:
        raise ProposalNotFound
    return LockedProposal(**dict(row) | {"status": ProposalStatus(row["status"])})
