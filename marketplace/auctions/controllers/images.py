from uuid import UUID

from litestar import Controller, delete, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.controllers.auctions import actor_of
from marketplace.auctions.pictures import MOST
from marketplace.auctions.queries.auctions import check_visible, images_of
from marketplace.auctions.schemas.common import ImageOut
from marketplace.auctions.schemas.images import ImageForm, ImageOrder
from marketplace.auctions.service import images
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import ValidationFailed
from marketplace.media.service import uploads


class ImageController(Controller):
    path = "/auctions/{auction_id:uuid}/images"
    tags = ("Auctions",)

    @post(operation_id="addAuctionImages", request_max_body_size=uploads.body_limit(MOST))
    async def add(
        self, auction_id: FromPath[UUID], data: MultipartBody[ImageForm], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[ImageOut]]:
        """Add pictures (JPEG, PNG, GIF or WebP), at most 12. Each is there once its `state` is `ready`. Answers with all of them."""
        await check_visible(auction_id, viewer)
        files = [("image", data.image)] if data.image else []
        files += [("images", file) for file in data.images or []]
        if not files:
            raise ValidationFailed.of("image", "Send a picture as `image`, or several as `images`.")
        for field, file in files:
            await ratelimit.hit("uploads", str(viewer.id))
            await images.add_image(auction_id, actor_of(viewer), file, alt=data.alt, field=field)
        return ok(await images_of(auction_id))

    @patch(operation_id="orderAuctionImages")
    async def order(
        self, auction_id: FromPath[UUID], data: JSONBody[ImageOrder], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[ImageOut]]:
        """Put the pictures in another order, before the first bid."""
        await check_visible(auction_id, viewer)
        await images.order_images(auction_id, actor_of(viewer), data.order)
        return ok(await images_of(auction_id))

    @delete("/{image_id:uuid}", operation_id="deleteAuctionImage")
    async def remove(
        self, auction_id: FromPath[UUID], image_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> None:
        """Take a picture away, before the first bid."""
        await check_visible(auction_id, viewer)
        await images.remove_image(auction_id, actor_of(viewer), image_id)
