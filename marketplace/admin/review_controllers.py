"""The staff's REST API for reviews: everything that was said, blind and hidden reviews included."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.reviews.queries import shown as queries
from marketplace.reviews.queries.shown import StaffReviewFilters
from marketplace.reviews.schemas import Judgement, StaffReviewRow
from marketplace.reviews.service.hiding import hide_review


class StaffReviewController(Controller):
    path = "/admin/reviews"
    tags = ("Admin",)
    guards = [requires(Role.MODERATOR)]  # noqa: RUF012 - Litestar wants a list

    @get(operation_id="adminListReviews", opt={"listing": queries.STAFF})
    async def all(self, listing: NamedDependency[ListQuery[StaffReviewFilters]]) -> Envelope[Page[StaffReviewRow]]:
        """Every review, also what nobody else sees yet, or any more."""
        return await queries.list_for_staff(listing)

    @post("/{review_id:uuid}/hide", operation_id="adminHideReview", status_code=200)
    async def hide(
        self, review_id: FromPath[UUID], data: JSONBody[Judgement], viewer: NamedDependency[Viewer]
    ) -> Envelope[StaffReviewRow]:
        """Take a review out of the lists and the ratings. The reason is kept, with who gave it."""
        await hide_review(viewer.id, review_id, True, data.reason)
        return ok(await queries.get_for_staff(review_id), "Nobody sees it, and it counts no more.")

    @post("/{review_id:uuid}/show", operation_id="adminShowReview", status_code=200)
    async def show(
        self, review_id: FromPath[UUID], data: JSONBody[Judgement], viewer: NamedDependency[Viewer]
    ) -> Envelope[StaffReviewRow]:
        """Put a hidden review back."""
        await hide_review(viewer.id, review_id, False, data.reason)
        return ok(await queries.get_for_staff(review_id), "It is shown and counts again.")


CONTROLLERS = [StaffReviewController]
