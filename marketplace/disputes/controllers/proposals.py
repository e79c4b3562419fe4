from typing import Any, Final
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.disputes.queries import shown
from marketplace.disputes.schemas.disputes import DisputeOut, ProposeSplit
from marketplace.disputes.service import proposing

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class ProposalController(Controller):
    path = "/disputes/{dispute_id:uuid}/proposals"
    tags = ("Disputes",)

    @post(operation_id="proposeSplit", opt={"idempotent": True})
    async def propose(
        self, dispute_id: FromPath[UUID], data: JSONBody[ProposeSplit], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Propose how to divide the money, in place of whatever was proposed before."""
        await proposing.propose(dispute_id, viewer.id, data.buyer_amount, data.message)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "Proposed; the other side answers.")

    @post("/{proposal_id:uuid}/accept", operation_id="acceptProposal", **ONCE)
    async def accept(
        self, dispute_id: FromPath[UUID], proposal_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Agree: the money is divided so at once, and the dispute is over."""
        await proposing.accept(dispute_id, proposal_id, viewer.id)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "Agreed: the money has been divided.")

    @post("/{proposal_id:uuid}/decline", operation_id="declineProposal", **ONCE)
    async def decline(
        self, dispute_id: FromPath[UUID], proposal_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Refuse the other side's proposal."""
        await proposing.decline(dispute_id, proposal_id, viewer.id)
        return ok(await shown.get_dispute(dispute_id, viewer.id))

    @post("/{proposal_id:uuid}/withdraw", operation_id="withdrawProposal", **ONCE)
    async def withdraw(
        self, dispute_id: FromPath[UUID], proposal_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Take your own proposal back."""
        await proposing.withdraw(dispute_id, proposal_id, viewer.id)
        return ok(await shown.get_dispute(dispute_id, viewer.id))
