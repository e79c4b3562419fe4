"""Telling an uploader how far a file is; `files` hands out the bytes."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import NotFound
from marketplace.media import queries
from marketplace.media.schemas import MediaOut, media_out


class MediaController(Controller):
    path = "/media"
    tags = ("Media",)

    @get("/{media_id:uuid}/", operation_id="getMedia")
    async def get_media(self, media_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MediaOut]:
        """A file you uploaded: how far it is, and where its sizes are once it is `ready`.

        Who else may see a private file is said by the part of the service it belongs to, not here.
        """
        media = await queries.get_media(media_id)
        if media.owner != viewer.id:
            raise NotFound
        return ok(media_out(media, viewer.id))
