"""The staff's REST API for gigs: what waits for approval, and what else should be looked at."""

from litestar import Controller, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.admin import gig_service as service
from marketplace.admin.gig_schemas import ChangeGig, FeatureGig
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.gigs.controllers.naming import GigName
from marketplace.gigs.queries import gigs as queries
from marketplace.gigs.queries.narrowing import OF_STAFF, StaffGigFilters
from marketplace.gigs.schemas.gigs import GigOut, MyGigCard


class StaffGigController(Controller):
    path = "/admin/gigs"
    tags = ("Admin",)
    guards = [requires(Role.MODERATOR)]  # noqa: RUF012 - Litestar wants a list

    @get(operation_id="adminListGigs", opt={"listing": OF_STAFF})
    async def all(self, listing: NamedDependency[ListQuery[StaffGigFilters]]) -> Envelope[Page[MyGigCard]]:
        """Everybody's gigs but drafts; `status=pending` are those that wait, `ordering=updated_at` the longest first."""
        return await queries.list_all(listing)

    @get("/{gig:str}", operation_id="adminShowGig")
    async def show(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """One gig, whatever its status."""
        return ok(await queries.get_gig(gig, viewer))

    @put("/{gig:str}", operation_id="adminPutGig")
    async def replace(
        self, gig: FromPath[GigName], data: JSONBody[ChangeGig], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigOut]:
        """Approve a gig, reject it with a reason that its seller reads, pause or archive it, or put right what it says."""
        return await _changed(gig, data, viewer)

    @patch("/{gig:str}", operation_id="adminPatchGig")
    async def change(
        self, gig: FromPath[GigName], data: JSONBody[ChangeGig], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigOut]:
        """The same as PUT."""
        return await _changed(gig, data, viewer)

    @post("/{gig:str}/feature", operation_id="adminFeatureGig", status_code=200)
    async def feature(
        self, gig: FromPath[GigName], viewer: NamedDependency[Viewer], data: JSONBody[FeatureGig | None] = None
    ) -> Envelope[GigOut]:
        """Put a gig forward, until a time or for good; `featured: false` calls it off."""
        gig_id = await queries.find_gig(gig, viewer)
        await service.feature_gig(viewer.id, gig_id, data or FeatureGig())
        return ok(await queries.get_gig(str(gig_id), viewer))


async def _changed(gig: str, data: ChangeGig, viewer: Viewer) -> Envelope[GigOut]:
    gig_id = await queries.find_gig(gig, viewer)
    await service.change_gig(viewer.id, gig_id, data)
    return ok(await queries.get_gig(str(gig_id), viewer), "Changed.")


CONTROLLERS = [StaffGigController]
