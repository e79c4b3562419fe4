"""Telling an uploader how far a file is; `serving` hands out the bytes."""

from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, NamedDependency

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import NotFound
from marketplace.media import queries
from marketplace.media.policies import can_see
from marketplace.media.schemas import MediaOut, media_out
from marketplace.media.serving import serve_media


class MediaController(Controller):
    path = "/media"
    tags = ["Media"]

    @get("/{media_id:uuid}/", operation_id="get_media")
    async def get_media(
        self, media_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[MediaOut]:
        """A file you uploaded: how far it is, and where its sizes are once it is `ready`."""
        media = await queries.get_media(media_id)
        if not can_see(media, viewer.id):
            raise NotFound
        return ok(media_out(media, viewer.id))


CONTROLLERS = [MediaController]
FILES = [serve_media]
"""Served at their own paths."""
