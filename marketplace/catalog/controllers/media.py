"""Uploading ahead, and telling how far a file is; `files` hands out the bytes."""

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody
from msgspec import Struct

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core import ratelimit
from marketplace.core.config import settings
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import ValidationFailed
from marketplace.media import purposes, queries
from marketplace.media.schemas import MediaOut, media_out
from marketplace.media.service import uploads


class UploadForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """`purpose` says what the file is for; one that is not known is answered with those that are."""

    file: UploadFile
    purpose: str


class MediaController(Controller):
    path = "/media"
    tags = ("Media",)

    # A guard, because it is asked before the body is read: strangers do not fill the disk.
    @post(operation_id="uploadMedia", request_max_body_size=settings().max_upload_bytes, guards=[requires(Role.USER)])
    async def upload(self, data: MultipartBody[UploadForm], viewer: NamedDependency[Viewer]) -> Envelope[MediaOut]:
        """Upload a file ahead of what it is for, and name it there by its `id` within a day.

        What is taken and how large it may be depends on the purpose. The type is judged by content; name and declared type count for
        nothing. Refuses with `file_too_large`, `file_empty`, `unsupported_file_type`, `file_truncated`, `image_truncated`,
        `image_broken` or `image_too_large`. The file is worked on afterwards: `state` becomes `ready`, or `refused` with a
        `reason` such as `file_damaged` or `infected`.
        """
        await ratelimit.hit("uploads", str(viewer.id))
        known = purposes.uploaded_ahead()
        purpose = known.get(data.purpose)
        if purpose is None:
            raise ValidationFailed.of("purpose", f"Unknown purpose. Known: {', '.join(known) or 'none'}.")
        media = await uploads.take_in(data.file, purpose, owner_id=viewer.id)
        return ok(media_out(media, viewer.id))

    @get("/{media_id:uuid}/", operation_id="getMedia")
    async def get_media(self, media_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[MediaOut]:
        """A file you uploaded, or may see where it belongs: how far it is, and where its sizes are once it is `ready`.

        Links to private files are signed for you alone and work for five minutes; ask again for fresh ones. A link is answered
        to who sends it with your token, or with none, as an `<img>` or `<video>` does; with somebody else's it leads nowhere.
        """
        return ok(await queries.link_for(media_id, viewer.id))

    @delete("/{media_id:uuid}/", operation_id="deleteMedia")
    async def take_back(self, media_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take back a file that you uploaded ahead and that belongs to nothing yet. Refuses with `file_in_use`."""
        await uploads.take_back(media_id, owner_id=viewer.id)
