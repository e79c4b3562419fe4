"""How one side would divide the money, and the other side's answer: accepted, it is done at once."""

from uuid import UUID

from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import to_minor
from marketplace.core.text import prose
from marketplace.disputes import telling
from marketplace.disputes.errors import OwnProposal
from marketplace.disputes.events import DisputeProposed
from marketplace.disputes.queries.locking import LockedDispute, LockedProposal, lock_dispute_of, lock_proposal
from marketplace.disputes.service import settling, turns
from marketplace.disputes.states import PROPOSAL, UNDECIDED, How, ProposalStatus, must_be

P = ProposalStatus


async def propose(dispute_id: UUID, viewer_id: UUID, buyer_amount: str, message: str) -> UUID:
    """So much to the buyer, the rest of what is held to the seller; in place of whatever was proposed before. Its id.

    Raises DisputeNotFound, IllegalTransition once it is decided, ValidationFailed.
    """
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        _check_undecided(dispute)
        held = dispute.held
        buyer_minor = to_minor(buyer_amount, held.currency, "buyer_amount")
        if buyer_minor > held.minor:
            raise ValidationFailed.of("buyer_amount", f"At most what is in escrow: {held}.")
        await supersede(dispute)
        proposal_id = uuid7()
        await db.execute(
            "INSERT INTO dispute_proposals (id, dispute, proposer, buyer_minor, seller_minor, message, status, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)",
            proposal_id, dispute.id, viewer_id, buyer_minor, held.minor - buyer_minor, prose(message, "message"), clock.now(),
        )  # fmt: skip
        side = dispute.side_of(viewer_id)
        await turns.spoken(dispute, side)
        await outbox.emit(
            DisputeProposed(
                **telling.of(dispute), to=dispute.who(side.other), buyer_amount=buyer_minor, seller_amount=held.minor - buyer_minor
            )
        )  # fmt: skip
        return proposal_id


async def accept(dispute_id: UUID, proposal_id: UUID, viewer_id: UUID) -> None:
    """By the other side: the money is divided so, and the dispute is over. Raises DisputeNotFound, ProposalNotFound,
    OwnProposal, IllegalTransition, and OrderFrozen while the payer's bank decides.
    """
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        proposal = await _lock_others(dispute, proposal_id, viewer_id)
        _check_undecided(dispute)
        await _answer(proposal, P.ACCEPTED)
        split = settling.Split(proposal.buyer_minor, proposal.seller_minor)
        await settling.agree(dispute, split, viewer_id, "The sides have agreed", How.AGREEMENT)


async def decline(dispute_id: UUID, proposal_id: UUID, viewer_id: UUID) -> None:
    """By the other side. Raises as `accept` does."""
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        await _answer(await _lock_others(dispute, proposal_id, viewer_id), P.DECLINED)
        await turns.spoken(dispute, dispute.side_of(viewer_id))


async def withdraw(dispute_id: UUID, proposal_id: UUID, viewer_id: UUID) -> None:
    """By who made it. Raises DisputeNotFound, ProposalNotFound, OwnProposal for the other side, IllegalTransition."""
    async with db.transaction():
        dispute = await lock_dispute_of(dispute_id, viewer_id)
        proposal = await lock_proposal(dispute, proposal_id)
        if proposal.proposer != viewer_id:
            raise OwnProposal("Only who made the proposal may withdraw it.")
        await _answer(proposal, P.WITHDRAWN)


async def supersede(dispute: LockedDispute) -> None:
    """What was proposed for a locked dispute waits for no answer any more."""
    await db.execute(
        "UPDATE dispute_proposals SET status = 'superseded', answered_at = $2 WHERE dispute = $1 AND status = 'open'",
        dispute.id, clock.now(),
    )  # fmt: skip


def _check_undecided(dispute: LockedDispute) -> None:
    must_be(dispute.status, *UNDECIDED)


async def _lock_others(dispute: LockedDispute, proposal_id: UUID, viewer_id: UUID) -> LockedProposal:
    proposal = await lock_proposal(dispute, proposal_id)
    if proposal.proposer == viewer_id:
        raise OwnProposal
    return proposal


async def _answer(proposal: LockedProposal, status: ProposalStatus) -> None:
    PROPOSAL.check(proposal.status, status)
    await db.execute(
        "UPDATE dispute_proposals SET status = $2, answered_at = $3 WHERE id = $1", proposal.id, status, clock.now()
    )
