from typing import Any

from litestar import Controller, Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from marketplace.accounts.viewer import Viewer
from marketplace.core.edge.watching import NOT_TOLD
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.gigs import counting
from marketplace.gigs.controllers.naming import GigName, actor_of
from marketplace.gigs.drafts import draft_of, patch_of
from marketplace.gigs.freshness import CACHED
from marketplace.gigs.queries import gigs as queries
from marketplace.gigs.queries.facets import get_facets
from marketplace.gigs.queries.gigs import find_gig
from marketplace.gigs.queries.narrowing import FACETS, GIGS, MINE, GigFilters, MyGigFilters
from marketplace.gigs.schemas.gigs import CreateGig, GigCard, GigFacets, GigOut, MyGigCard, UpdateGig
from marketplace.gigs.service import listing as listings
from marketplace.gigs.service import publishing
from marketplace.gigs.states import GigStatus

ONE = "/{gig:str}"
CREATES = {"idempotent": True, "limit": "gig_create"}
UPDATES = {"limit": "gig_update"}


class GigController(Controller):
    path = "/gigs"
    tags = ("Gigs",)

    @get(operation_id="listGigs", opt={"public": True, "cache": CACHED, "listing": GIGS})
    async def list_all(self, listing: NamedDependency[ListQuery[GigFilters]]) -> Envelope[Page[GigCard]]:
        """What can be ordered, newest first. `ordering=-trending` is what is sought these days, also of one category."""
        return await queries.list_gigs(listing)

    @post(operation_id="createGig", opt=CREATES)
    async def create(self, data: JSONBody[CreateGig], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """Write a gig: a draft that only you see until you publish it."""
        gig_id = await listings.create_gig(viewer.id, await draft_of(data))
        return ok(await queries.get_gig(str(gig_id), viewer), "The gig is a draft. Publish it when it is complete.")

    @get("/facets", operation_id="countGigs", opt={"public": True, "cache": CACHED, "listing": FACETS})
    async def facets(self, listing: NamedDependency[ListQuery[GigFilters]]) -> Envelope[GigFacets]:
        """How many gigs the same filters find: by category, price, days, rating, seller's level and language."""
        return ok(await get_facets(listing))

    @get("/mine", operation_id="listMyGigs", opt={"listing": MINE})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[MyGigFilters]]
    ) -> Envelope[Page[MyGigCard]]:
        """What you offer, drafts and archived ones included, with what was counted of visitors."""
        return await queries.list_mine(listing, viewer)

    @get(ONE, operation_id="showGig", opt={"public": True, "cache": CACHED})
    async def show(
        self, request: Request[Any, Any, Any], gig: FromPath[GigName], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[GigOut]:
        """One gig by slug or id, with its packages, extras, questions and media. Looking at it counts as a view."""
        found = await queries.get_gig(gig, visitor)
        if visitor is not None and (visitor.is_staff or visitor.id == found.seller.id):
            request.scope["state"][NOT_TOLD] = True
        return ok(found)

    @get(ONE + "/similar", operation_id="listSimilarGigs", opt={"public": True, "cache": CACHED})
    async def similar(self, gig: FromPath[GigName], visitor: NamedDependency[Viewer | None]) -> Envelope[list[GigCard]]:
        """Others of its category, those with the same tags first."""
        return ok(await queries.get_similar(gig, visitor))

    @put(ONE, operation_id="putGig", opt=UPDATES)
    async def replace(
        self, gig: FromPath[GigName], data: JSONBody[UpdateGig], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigOut]:
        """Change your gig. What is left out stays as it is, and so does its slug."""
        return await _changed(gig, data, viewer)

    @patch(ONE, operation_id="updateGig", opt=UPDATES)
    async def change(
        self, gig: FromPath[GigName], data: JSONBody[UpdateGig], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigOut]:
        """Change your gig. What is left out stays as it is, and so does its slug."""
        return await _changed(gig, data, viewer)

    @delete(ONE, operation_id="deleteGig")
    async def remove(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> None:
        """Delete your draft. A gig that was ever published is archived instead, and only you see it."""
        await publishing.remove(await find_gig(gig, viewer), actor_of(viewer))

    @post(ONE + "/duplicate", operation_id="duplicateGig", opt=CREATES)
    async def duplicate(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """A draft with everything of your gig but its orders and ratings."""
        copy_id = await publishing.duplicate(await find_gig(gig, viewer), actor_of(viewer))
        return ok(await queries.get_gig(str(copy_id), viewer), "The copy is a draft.")

    @post(ONE + "/publish", operation_id="publishGig", status_code=HTTP_200_OK)
    async def publish(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """Offer your gig. What it still lacks is named (400 `gig_incomplete`); where staff look first, it is `pending`."""
        gig_id = await find_gig(gig, viewer)
        status = await publishing.publish(gig_id, actor_of(viewer))
        said = "The gig is published." if status is GigStatus.PUBLISHED else "The gig waits for approval."
        return ok(await queries.get_gig(str(gig_id), viewer), said)

    @post(ONE + "/pause", operation_id="pauseGig", status_code=HTTP_200_OK)
    async def pause(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """Take no orders for a while. Orders that were placed go on."""
        gig_id = await find_gig(gig, viewer)
        await publishing.pause(gig_id, actor_of(viewer))
        return ok(await queries.get_gig(str(gig_id), viewer), "The gig is paused.")

    @post(ONE + "/archive", operation_id="archiveGig", status_code=HTTP_200_OK)
    async def archive(self, gig: FromPath[GigName], viewer: NamedDependency[Viewer]) -> Envelope[GigOut]:
        """Put your gig away. Publishing brings it back."""
        gig_id = await find_gig(gig, viewer)
        await publishing.archive(gig_id, actor_of(viewer))
        return ok(await queries.get_gig(str(gig_id), viewer), "The gig is archived.")

    @post(ONE + "/click", operation_id="clickGig", status_code=HTTP_204_NO_CONTENT, opt={"public": True})
    async def click(
        self, request: Request[Any, Any, Any], gig: FromPath[GigName], visitor: NamedDependency[Viewer | None]
    ) -> None:
        """Tell that somebody chose this gig among others, in a list or by a link. Counts once a visitor in half an hour."""
        counting.note("click", str(await find_gig(gig, visitor)), request.scope)


async def _changed(gig: str, data: UpdateGig, viewer: Viewer) -> Envelope[GigOut]:
    gig_id = await find_gig(gig, viewer)
    await listings.update_gig(gig_id, actor_of(viewer), await patch_of(gig_id, data))
    return ok(await queries.get_gig(str(gig_id), viewer), "The gig has been changed.")
