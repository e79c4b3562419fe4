from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.disputes.queries import shown
from marketplace.disputes.queries.shown import DisputeFilters
from marketplace.disputes.schemas.disputes import (
    AppealDecision,
    DisputeCard,
    DisputeOut,
    Noted,
    OpenDispute,
    SayInDispute,
    UpdateDispute,
)
from marketplace.disputes.service import deciding, opening, talking

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class OrderDisputeController(Controller):
    path = "/orders/{order_id:uuid}/dispute"
    tags = ("Disputes",)

    @get(operation_id="showDisputeOfOrder")
    async def show(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DisputeOut]:
        """The last dispute about an order that you bought or sold."""
        return ok(await shown.get_dispute_of(order_id, viewer.id))

    @post(operation_id="openDispute", opt={"idempotent": True})
    async def open_dispute(
        self, order_id: FromPath[UUID], data: JSONBody[OpenDispute], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Dispute an order while its money is in escrow: nobody gets it until you agree, or staff decide."""
        dispute_id = await opening.open_dispute(
            order_id, viewer.id, data.reason, data.description, data.requested_amount, data.evidence
        )
        return ok(await shown.get_dispute(dispute_id, viewer.id), "The dispute is open; the money is frozen.")


class DisputeController(Controller):
    path = "/disputes"
    tags = ("Disputes",)

    @get(operation_id="listDisputes", opt={"listing": shown.DISPUTES})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[DisputeFilters]]
    ) -> Envelope[Page[DisputeCard]]:
        """The disputes of which you are a side."""
        return await shown.list_disputes(listing, viewer)

    @get("/{dispute_id:uuid}", operation_id="showDispute")
    async def show(self, dispute_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DisputeOut]:
        """One of them, with everything that was said, proposed and decided."""
        return ok(await shown.get_dispute(dispute_id, viewer.id))

    @put("/{dispute_id:uuid}", operation_id="updateDispute", opt={"idempotent": True})
    async def update(
        self, dispute_id: FromPath[UUID], data: JSONBody[UpdateDispute], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Change what it says, as who opened it, until staff have to decide."""
        await opening.update(dispute_id, viewer.id, data.reason, data.description, data.requested_amount)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "Changed.")

    @post("/{dispute_id:uuid}/withdraw", operation_id="withdrawDispute", **ONCE)
    async def withdraw(
        self, dispute_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> Envelope[DisputeOut]:
        """Take it back, as who opened it: the order goes on as if nothing had been."""
        await opening.withdraw(dispute_id, viewer.id, (data or Noted()).note)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "The dispute is withdrawn; the order goes on.")

    @post("/{dispute_id:uuid}/messages", operation_id="sayInDispute", opt={"idempotent": True})
    async def say(
        self, dispute_id: FromPath[UUID], data: JSONBody[SayInDispute], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Say your part; the other side and staff read it."""
        await talking.say(dispute_id, viewer.id, data.message, data.evidence)
        return ok(await shown.get_dispute(dispute_id, viewer.id))

    @post("/{dispute_id:uuid}/escalate", operation_id="escalateDispute", **ONCE)
    async def escalate(
        self, dispute_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> Envelope[DisputeOut]:
        """Ask staff to decide."""
        await talking.escalate(dispute_id, viewer.id, (data or Noted()).note)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "Staff will decide.")

    @post("/{dispute_id:uuid}/appeal", operation_id="appealDispute", **ONCE)
    async def appeal(
        self, dispute_id: FromPath[UUID], data: JSONBody[AppealDecision], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Have somebody else look at a decision, once."""
        await deciding.appeal(dispute_id, viewer.id, data.reason)
        return ok(await shown.get_dispute(dispute_id, viewer.id), "Somebody else will decide for good.")

    @post("/{dispute_id:uuid}/accept", operation_id="acceptDecision", **ONCE)
    async def accept(self, dispute_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DisputeOut]:
        """Accept a decision: the money moves as soon as the other side does, too."""
        await deciding.accept(dispute_id, viewer.id)
        return ok(await shown.get_dispute(dispute_id, viewer.id))
