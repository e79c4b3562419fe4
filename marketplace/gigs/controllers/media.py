from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit, text
from marketplace.core.envelope import Envelope, ok
from marketplace.gigs.controllers.naming import GigName, actor_of
from marketplace.gigs.freshness import CACHED
from marketplace.gigs.queries import gigs as queries
from marketplace.gigs.schemas.media import GigMediaForm, GigMediaOrder, GigMediaOut, UpdateGigMedia
from marketplace.gigs.service import media
from marketplace.gigs.showcase import GIG_MEDIA
from marketplace.media.service import uploads

OF_GIG = "/{gig:str}/media"
ONE = "/media/{gig_media_id:uuid}"
UPDATES = {"limit": "gig_update"}


class GigMediaController(Controller):
    path = "/gigs"
    tags = ("Gigs",)

    @get(OF_GIG, operation_id="listGigMedia", opt={"public": True, "cache": CACHED})
    async def list_all(
        self, gig: FromPath[GigName], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[list[GigMediaOut]]:
        """What shows the work, in the seller's order."""
        return ok(await queries.get_media(gig, visitor))

    @post(OF_GIG, operation_id="addGigMedia", request_max_body_size=uploads.body_limit(1, GIG_MEDIA))
    async def add(
        self, gig: FromPath[GigName], data: MultipartBody[GigMediaForm], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigMediaOut]:
        """Add a picture, a video (MP4, QuickTime, WebM) or a PDF to your gig. It is there once its `state` is `ready`."""
        await ratelimit.hit("uploads", str(viewer.id))
        gig_id = await queries.find_gig(gig, viewer)
        title = text.line(data.title, "title")
        media_id = await media.add_media(gig_id, actor_of(viewer), data.file, title=title, is_cover=data.is_cover)
        return ok(await _one(gig_id, media_id, viewer), "It is being worked on.")

    @post("/media/reorder", operation_id="orderGigMedia", status_code=HTTP_200_OK, opt=UPDATES)
    async def order(
        self, data: JSONBody[GigMediaOrder], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[GigMediaOut]]:
        """Put everything that one of your gigs shows in another order: name all of it, each once."""
        gig_id = await media.order_media(actor_of(viewer), data.order)
        return ok(await queries.get_media(str(gig_id), viewer))

    @put(ONE, operation_id="putGigMedia", opt=UPDATES)
    async def replace(
        self, gig_media_id: FromPath[UUID], data: JSONBody[UpdateGigMedia], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigMediaOut]:
        """Say what it shows, or make it the cover; what is left out stays."""
        return await _changed(gig_media_id, data, viewer)

    @patch(ONE, operation_id="updateGigMedia", opt=UPDATES)
    async def change(
        self, gig_media_id: FromPath[UUID], data: JSONBody[UpdateGigMedia], viewer: NamedDependency[Viewer]
    ) -> Envelope[GigMediaOut]:
        """Say what it shows, or make it the cover; what is left out stays."""
        return await _changed(gig_media_id, data, viewer)

    @delete(ONE, operation_id="deleteGigMedia", opt=UPDATES)
    async def remove(self, gig_media_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take it away. A copy of the gig keeps its own."""
        await media.remove_media(gig_media_id, actor_of(viewer))


async def _changed(media_id: UUID, data: UpdateGigMedia, viewer: Viewer) -> Envelope[GigMediaOut]:
    title = data.title if not isinstance(data.title, str) else text.line(data.title, "title")
    gig_id = await media.update_media(media_id, actor_of(viewer), title=title, is_cover=data.is_cover)
    return ok(await _one(gig_id, media_id, viewer), "Changed.")


async def _one(gig_id: UUID, media_id: UUID, viewer: Viewer) -> GigMediaOut:
    return next(one for one in await queries.get_media(str(gig_id), viewer) if one.id == media_id)
