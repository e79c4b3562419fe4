from uuid import UUID

from litestar import Controller, delete, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody

from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import ValidationFailed
from marketplace.media.service import uploads
from marketplace.shop.controllers.naming import ProductName, actor_of
from marketplace.shop.pictures import MOST
from marketplace.shop.queries.products import find_product, images_of
from marketplace.shop.schemas.common import ImageOut
from marketplace.shop.schemas.images import ProductImageForm, ProductImageOrder
from marketplace.shop.service import images


class ProductImageController(Controller):
    path = "/products/{product:str}/images"
    tags = ("Products",)

    @post(operation_id="addProductImages", request_max_body_size=uploads.body_limit(MOST))
    async def add(
        self, product: FromPath[ProductName], data: MultipartBody[ProductImageForm], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[ImageOut]]:
        """Add pictures (JPEG, PNG, GIF or WebP), at most 12. Each is there once its `state` is `ready`. Answers with all of them."""
        product_id = await find_product(product, viewer)
        files = [("image", data.image)] if data.image else []
        files += [("images", file) for file in data.images or []]
        if not files:
            raise ValidationFailed.of("image", "Send a picture as `image`, or several as `images`.")
        for field, file in files:
            await ratelimit.hit("uploads", str(viewer.id))
            await images.add_image(product_id, actor_of(viewer), file, alt=data.alt_text, field=field)
        return ok(await images_of(product_id))

    @patch(operation_id="orderProductImages")
    async def order(
        self, product: FromPath[ProductName], data: JSONBody[ProductImageOrder], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[ImageOut]]:
        """Put the pictures in another order; the first is the primary one."""
        product_id = await find_product(product, viewer)
        await images.order_images(product_id, actor_of(viewer), data.order)
        return ok(await images_of(product_id))

    @delete("/{picture_id:uuid}", operation_id="deleteProductImage")
    async def remove(
        self, product: FromPath[ProductName], picture_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> None:
        """Take a picture away."""
        await images.remove_image(await find_product(product, viewer), actor_of(viewer), picture_id)
