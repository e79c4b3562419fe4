from litestar import Controller, delete, post
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from marketplace.accounts.queries.profiles import get_own_profile
from marketplace.accounts.schemas.profiles import AvatarForm, OwnProfile
from marketplace.accounts.service import avatars
from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import ValidationFailed
from marketplace.media.service import uploads

PATHS = ["/users/avatar", "/users/profile/image"]


class AvatarController(Controller):
    tags = ("Profiles",)

    @post(PATHS, operation_id="uploadAvatar", request_max_body_size=uploads.body_limit())
    async def upload(self, data: MultipartBody[AvatarForm], viewer: NamedDependency[Viewer]) -> Envelope[OwnProfile]:
        """Upload your picture, as `avatar`, `image` or `file`: JPEG, PNG, GIF or WebP.

        It is made into squares of 100, 300 and 500 pixels; the old one is shown until `avatar_processing` is false again.
        """
        await ratelimit.hit("uploads", str(viewer.id))
        given = {"avatar": data.avatar, "image": data.image, "file": data.file}
        files = [(field, file) for field, file in given.items() if file is not None]
        if len(files) != 1:
            raise ValidationFailed.of("avatar", "Send one picture, as `avatar`, `image` or `file`.")
        [(field, file)] = files
        await avatars.upload_avatar(viewer.id, file, field)
        return ok(await get_own_profile(viewer.id), "Picture received")

    @delete(PATHS, operation_id="removeAvatar")
    async def remove(self, viewer: NamedDependency[Viewer]) -> None:
        """Remove your picture. Safe to repeat."""
        await avatars.remove_avatar(viewer.id)
