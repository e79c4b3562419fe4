from typing import Any, Final
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.engagements.queries.milestones import get_milestone, get_milestones
from marketplace.engagements.schemas.milestones import (
    CompleteMilestone,
    CreateMilestone,
    MilestoneOut,
    MilestonesOut,
    RejectMilestone,
    UpdateMilestone,
)
from marketplace.engagements.service import milestone_plans, milestones
from marketplace.engagements.service.milestone_plans import Wanted

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class OrderMilestoneController(Controller):
    path = "/orders/{order_id:uuid}/milestones"
    tags = ("Milestones",)

    @get(operation_id="listMilestones")
    async def of_order(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MilestonesOut]:
        """How an order of a gig is done in milestones, and how each stands."""
        return ok(await get_milestones(order_id, viewer.id))

    @post(operation_id="createMilestone", opt={"idempotent": True})
    async def create(
        self, order_id: FromPath[UUID], data: JSONBody[CreateMilestone], viewer: NamedDependency[Viewer]
    ) -> Envelope[MilestoneOut]:
        """Propose one more milestone to the other side. When they sum to what the order costs, that side can agree.

        Agreed before the order is paid, each is paid when its turn comes; after it was paid whole, they are only released so.
        """
        milestone_id = await milestone_plans.propose(
            order_id, viewer.id, data.title, data.description, data.amount, data.due_date
        )
        return ok(await get_milestone(milestone_id, viewer.id), "The milestone has been proposed.")

    @post("/accept", operation_id="acceptMilestones", **ONCE)
    async def accept(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MilestonesOut]:
        """Agree to the milestones that the other side has proposed."""
        await milestone_plans.agree(order_id, viewer.id)
        return ok(await get_milestones(order_id, viewer.id), "The milestones are agreed.")


class MilestoneController(Controller):
    path = "/milestones/{milestone_id:uuid}"
    tags = ("Milestones",)

    @get(operation_id="showMilestone")
    async def show(self, milestone_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MilestoneOut]:
        """One milestone."""
        return ok(await get_milestone(milestone_id, viewer.id))

    @put(operation_id="updateMilestone")
    async def update(
        self, milestone_id: FromPath[UUID], data: JSONBody[UpdateMilestone], viewer: NamedDependency[Viewer]
    ) -> Envelope[MilestoneOut]:
        """Change what is proposed. Of what was agreed and is not done, ask the other side for a change."""
        wanted = Wanted(title=data.title, description=data.description, amount=data.amount, due_at=data.due_date)
        await milestone_plans.update(milestone_id, viewer.id, wanted)
        return ok(await get_milestone(milestone_id, viewer.id), "The other side has been asked.")

    @delete(operation_id="removeMilestone")
    async def remove(self, milestone_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take one out that is only proposed."""
        await milestone_plans.remove(milestone_id, viewer.id)

    @post("/accept", operation_id="acceptMilestoneChange", **ONCE)
    async def accept(self, milestone_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MilestoneOut]:
        """Agree to a change of it that the other side has asked for."""
        await milestone_plans.accept_change(milestone_id, viewer.id)
        return ok(await get_milestone(milestone_id, viewer.id), "The change is agreed.")

    @post("/decline", operation_id="declineMilestoneChange", **ONCE)
    async def decline(self, milestone_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MilestoneOut]:
        """Leave it as it was agreed."""
        await milestone_plans.decline_change(milestone_id, viewer.id)
        return ok(await get_milestone(milestone_id, viewer.id), "It stays as it was agreed.")

    @post("/complete", operation_id="completeMilestone", **ONCE)
    async def complete(
        self,
        milestone_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        data: JSONBody[CompleteMilestone | None] = None,
    ) -> Envelope[MilestoneOut]:
        """Submit it as the seller; approve it as the buyer: its money is released. Silence approves it after some days.

        The last one is handed over as the delivery of the order, and completes it.
        """
        said = data or CompleteMilestone()
        await milestones.complete(milestone_id, viewer.id, said.message, said.amount)
        return ok(await get_milestone(milestone_id, viewer.id))

    @post("/reject", operation_id="rejectMilestone", **ONCE)
    async def reject(
        self, milestone_id: FromPath[UUID], data: JSONBody[RejectMilestone], viewer: NamedDependency[Viewer]
    ) -> Envelope[MilestoneOut]:
        """Say as the buyer that what was submitted is not what was agreed, and why. The work on it goes on."""
        await milestones.reject(milestone_id, viewer.id, data.reason)
        return ok(await get_milestone(milestone_id, viewer.id), "The milestone has been rejected.")
