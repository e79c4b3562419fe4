from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.engagements.queries.engagements import get_engagement
from marketplace.engagements.queries.requirements import list_requirements
from marketplace.engagements.schemas.engagements import EngagementOut
from marketplace.engagements.schemas.requirements import AnswerRequirements, RequirementOut
from marketplace.engagements.service import accepting, answering
from marketplace.orders.queries.orders import get_order
from marketplace.orders.schemas.orders import CancelOrder, OrderOut

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class WorkController(Controller):
    """The work under an order of a gig, up to where it begins."""

    path = "/orders/{order_id:uuid}"
    tags = ("Work",)

    @get("/engagement", operation_id="showEngagement")
    async def show(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[EngagementOut]:
        """What was agreed for an order of a gig that you buy or sell, and until when."""
        return ok(await get_engagement(order_id, viewer.id))

    @get("/requirements", operation_id="listRequirements")
    async def requirements(
        self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[RequirementOut]]:
        """What the seller must know before the work begins, and what the buyer has answered."""
        return ok(await list_requirements(order_id, viewer.id))

    @post("/requirements", operation_id="answerRequirements", **ONCE)
    async def answer(
        self, order_id: FromPath[UUID], data: JSONBody[AnswerRequirements], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[RequirementOut]]:
        """Answer questions as the buyer, all or some, until the seller has accepted. Those that must be answered come first."""
        await answering.answer(order_id, viewer.id, data.answers)
        return ok(await list_requirements(order_id, viewer.id), "Your answers have been saved.")

    @post("/decline", operation_id="declineOrder", **ONCE)
    async def decline(
        self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[CancelOrder | None] = None
    ) -> Envelope[OrderOut]:
        """Let it go as the seller, before you accept it: it is cancelled, and the buyer gets everything back."""
        await accepting.decline(order_id, viewer.id, (data or CancelOrder()).reason)
        return ok(await get_order(order_id, viewer.id), "The order has been declined.")
