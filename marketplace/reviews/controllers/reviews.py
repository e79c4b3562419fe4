from typing import Final
from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from marketplace.accounts.controllers.profiles import who
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.reviews.queries import shown as queries
from marketplace.reviews.queries.shown import PersonReviewFilters, ReviewFilters
from marketplace.reviews.schemas import NewOrderReview, NewReply, OwnReviewOut, ReviewChange, ReviewOut
from marketplace.reviews.service import changing, hiding, writing
from marketplace.reviews.service.writing import Words

GIG: Final = "gig"
TAKEN_DOWN: Final = "Taken down by staff."


class ReviewController(Controller):
    path = "/reviews"
    tags = ("Reviews",)

    @post(operation_id="reviewOrder", opt={"idempotent": True})
    async def write(self, data: JSONBody[NewOrderReview], viewer: NamedDependency[Viewer]) -> Envelope[ReviewOut]:
        """Review an order you are a side of, once it is completed: what you bought, or the client you sold to.

        Where both sides review each other, nobody sees what you say before the other side has spoken, or seven days after completion.
        """
        said = Words(rating=data.rating, title=data.title, comment=data.comment)
        review_id = await writing.review_order(data.order_id, viewer.id, said, data.line_id)
        return ok(await queries.get_review(review_id, viewer), "Thank you for your review.")

    @get("/gig/{gig_id:uuid}", operation_id="listGigReviews", opt={"public": True, "listing": queries.OF_SUBJECT})
    async def of_gig(
        self, gig_id: FromPath[UUID], listing: NamedDependency[ListQuery[ReviewFilters]]
    ) -> Envelope[Page[ReviewOut]]:
        """What its clients say of a gig, the newest first."""
        return await queries.list_of_subject(GIG, gig_id, listing)

    @get("/user/{user_id:str}", operation_id="listUserReviews", opt={"public": True, "listing": queries.OF_PERSON})
    async def of_user(
        self, user_id: FromPath[str], listing: NamedDependency[ListQuery[PersonReviewFilters]]
    ) -> Envelope[Page[ReviewOut]]:
        """What others say of a person, as a seller and as a client, by id or username."""
        return await queries.list_of_person(who(user_id), listing)

    @get("/mine", operation_id="listMyReviews", opt={"listing": queries.MINE})
    async def mine(
        self, listing: NamedDependency[ListQuery[PersonReviewFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[OwnReviewOut]]:
        """What you wrote, also what the other side cannot see yet."""
        return await queries.list_mine(listing, viewer.id)

    @get("/{review_id:uuid}", operation_id="showReview", opt={"public": True})
    async def show(self, review_id: FromPath[UUID], visitor: NamedDependency[Viewer | None]) -> Envelope[ReviewOut]:
        """One review."""
        return ok(await queries.get_review(review_id, visitor))

    @put("/{review_id:uuid}", operation_id="putReview")
    async def put(
        self, review_id: FromPath[UUID], data: JSONBody[ReviewChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReviewOut]:
        """The same as PATCH."""
        await changing.change_review(review_id, viewer.id, data)
        return ok(await queries.get_review(review_id, viewer), "Changed.")

    @patch("/{review_id:uuid}", operation_id="changeReview")
    async def change(
        self, review_id: FromPath[UUID], data: JSONBody[ReviewChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReviewOut]:
        """Change your review; what is left out stays. Until the seller has replied, or both sides have read each other's."""
        await changing.change_review(review_id, viewer.id, data)
        return ok(await queries.get_review(review_id, viewer), "Changed.")

    @delete("/{review_id:uuid}", operation_id="removeReview")
    async def remove(self, review_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take your review back; of others', staff take it down: it is kept, and nobody sees it."""
        if viewer.is_staff and not await queries.is_by(review_id, viewer.id):
            await hiding.hide_review(viewer.id, review_id, True, TAKEN_DOWN)
        else:
            await changing.take_back(review_id, viewer.id)

    @post("/{review_id:uuid}/reply", operation_id="reply", opt={"idempotent": True}, status_code=HTTP_201_CREATED)
    async def reply(
        self, review_id: FromPath[UUID], data: JSONBody[NewReply], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReviewOut]:
        """Reply to what a buyer said of you, once."""
        await changing.reply(review_id, viewer.id, data.reply)
        return ok(await queries.get_review(review_id, viewer), "Your reply is shown with the review.")
