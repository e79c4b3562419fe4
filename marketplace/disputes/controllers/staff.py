from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET, Meta

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.disputes.queries import staff
from marketplace.disputes.queries.staff import QueueFilters
from marketplace.disputes.schemas.disputes import DisputeOut
from marketplace.disputes.schemas.staff import ChangeDispute, ResolveDispute, StaffDisputeRow, StaffMessage
from marketplace.disputes.service import archives, changing, deciding, talking

ZIP = "application/zip"
DecisionNumber = Annotated[
    int, Meta(ge=1, le=99, description="As it was when this decision was made, instead of as it is.")
]
STAFF: Any = [requires(Role.MODERATOR)]


class ResolveController(Controller):
    path = "/disputes/{dispute_id:uuid}/resolve"
    tags = ("Disputes",)
    guards = STAFF

    @post(operation_id="resolveDispute", status_code=HTTP_200_OK, opt={"idempotent": True})
    async def resolve(
        self, dispute_id: FromPath[UUID], data: JSONBody[ResolveDispute], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Decide a case as staff: so much to the buyer, so much to the seller, all of what is in escrow."""
        await deciding.resolve(dispute_id, viewer.id, data.buyer_amount, data.seller_amount, data.reason)
        return ok(await staff.get_case(dispute_id, viewer.id), "Decided.")


class StaffDisputeController(Controller):
    path = "/admin/disputes"
    tags = ("Admin",)
    guards = STAFF

    @get(operation_id="adminListDisputes", opt={"listing": staff.QUEUE})
    async def queue(
        self, listing: NamedDependency[ListQuery[QueueFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[StaffDisputeRow]]:
        """All disputes, the most urgent first."""
        return await staff.list_queue(listing, viewer.id)

    @get("/{dispute_id:uuid}", operation_id="adminShowDispute")
    async def show(self, dispute_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DisputeOut]:
        """One case, with what staff say among themselves."""
        return ok(await staff.get_case(dispute_id, viewer.id))

    @put("/{dispute_id:uuid}", operation_id="adminChangeDispute", opt={"idempotent": True})
    async def change(
        self, dispute_id: FromPath[UUID], data: JSONBody[ChangeDispute], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Take a case or give it back, ask a side, decide: all of what is said, or nothing."""
        await changing.change(dispute_id, viewer.id, data)
        return ok(await staff.get_case(dispute_id, viewer.id), "Changed." if data.decision is UNSET else "Decided.")

    @post("/{dispute_id:uuid}/messages", operation_id="adminSayInDispute", opt={"idempotent": True})
    async def say(
        self, dispute_id: FromPath[UUID], data: JSONBody[StaffMessage], viewer: NamedDependency[Viewer]
    ) -> Envelope[DisputeOut]:
        """Say something to both sides, or note it among staff."""
        await talking.say_as_staff(dispute_id, viewer.id, data.message, internal=data.internal)
        return ok(await staff.get_case(dispute_id, viewer.id))

    @get("/{dispute_id:uuid}/evidence", operation_id="adminTakeEvidence", media_type="application/json")
    async def evidence(
        self,
        dispute_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        decision: FromQuery[DecisionNumber | None] = None,
    ) -> Response[bytes]:
        """The evidence pack, byte for byte as its hash was made of it. That it was taken is noted."""
        taken = await archives.take_along(dispute_id, viewer.id, decision)
        headers = as_file(f"{taken.name}.json") | {"x-evidence-sha256": taken.pack.sha256}
        return Response(taken.pack.text.encode(), media_type="application/json", headers=headers)

    @get("/{dispute_id:uuid}/evidence/zip", operation_id="adminTakeEvidenceFiles", media_type=ZIP)
    async def evidence_files(
        self,
        dispute_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        decision: FromQuery[DecisionNumber | None] = None,
    ) -> Stream:
        """The pack with a summary as PDF and every file that the sides have shown or handed over, and their hashes."""
        taken = await archives.take_along(dispute_id, viewer.id, decision)
        return Stream(archives.zipped(taken), media_type=ZIP, headers=as_file(f"{taken.name}.zip"))


def as_file(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
