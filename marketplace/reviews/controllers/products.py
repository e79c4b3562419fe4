from typing import Final
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.reviews.queries import products as queries
from marketplace.reviews.queries.shown import ReviewFilters, get_review
from marketplace.reviews.schemas import NewReply, NewReview, ReviewOut
from marketplace.reviews.service import changing, writing
from marketplace.reviews.service.writing import Words
from marketplace.shop.controllers.naming import ProductName
from marketplace.shop.freshness import CACHED
from marketplace.shop.queries.products import find_product

PRODUCT: Final = "product"


class ProductReviewController(Controller):
    path = "/products/{product:str}/reviews"
    tags = ("Reviews",)

    @get(operation_id="listReviews", opt={"public": True, "cache": CACHED, "listing": queries.REVIEWS})
    async def list_all(
        self,
        product: FromPath[ProductName],
        listing: NamedDependency[ListQuery[ReviewFilters]],
        visitor: NamedDependency[Viewer | None],
    ) -> Envelope[Page[ReviewOut]]:
        """What its buyers say of a product, the newest first."""
        return await queries.list_reviews(product, listing, visitor)

    @post(operation_id="writeReview", opt={"idempotent": True})
    async def write(
        self, product: FromPath[ProductName], data: JSONBody[NewReview], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReviewOut]:
        """Review what you bought and received, once."""
        said = Words(rating=data.rating, title=data.title, comment=data.comment)
        review_id = await writing.review_subject(PRODUCT, await find_product(product, viewer), viewer.id, said)
        return ok(await get_review(review_id, viewer), "Thank you for your review.")

    @post(
        "/{review_id:uuid}/reply", operation_id="replyToReview", opt={"idempotent": True}, status_code=HTTP_201_CREATED
    )
    async def reply(
        self, product: FromPath[ProductName], review_id: FromPath[UUID], data: JSONBody[NewReply],
        viewer: NamedDependency[Viewer],
    ) -> Envelope[ReviewOut]:  # fmt: skip
        """Reply to a review of what you sell, once."""
        await changing.reply(review_id, viewer.id, data.reply, of=await find_product(product, viewer))
        return ok(await get_review(review_id, viewer), "Your reply is shown with the review.")

    @delete("/{review_id:uuid}", operation_id="deleteReview")
    async def remove(
        self, product: FromPath[ProductName], review_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> None:
        """Take your review back."""
        await changing.take_back(review_id, viewer.id, of=await find_product(product, viewer))
