from uuid import UUID

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.core import audit, db
from marketplace.reviews.service import hiding, rating, standing


class HideReviewForm(BaseModel):
    review: UUID = Field(title="Review (id)")
    hidden: bool = Field(True, title="Hidden")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class RatingForm(BaseModel):
    kind: str = Field("product", title="Kind (product, gig, ...)", max_length=16)
    subject: str = Field(title="Product (slug or id), or another's id", max_length=220)


class StandingsForm(BaseModel):
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


@as_staff(Role.MODERATOR)
async def hide_review(request: Request, data: HideReviewForm) -> str:
    await hiding.hide_review(actor_id(request), data.review, data.hidden, data.reason)
    return "Nobody sees it, and it counts no more." if data.hidden else "It is shown and counts again."


@as_staff(Role.MODERATOR)
async def recompute_rating(request: Request, data: RatingForm) -> str:
    wrong = await rating.recompute(actor_id(request), data.kind, await _subject(data.kind, data.subject.strip()))
    return "It was wrong, and is right now." if wrong else "It was right."


async def _subject(kind: str, text: str) -> UUID:
    if kind == "product":
        found: UUID | None = await db.fetch_val("SELECT id FROM products WHERE slug = lower($1)", text)
        if found is not None:
            return found
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(f"There is no {kind} {text!r}.") from None


@as_staff(Role.MANAGER)
async def recompute_standings(request: Request, data: StandingsForm) -> str:
    wrong, sellers = await rating.recompute_persons(), await standing.recompute_all()
    async with db.transaction():
        await audit.record(
            actor=actor_id(request), action="standings.recomputed", object_type="seller_standings", object_id="all",
            reason=data.reason, after={"ratings_wrong": wrong, "sellers": sellers},
        )  # fmt: skip
    return f"{wrong} ratings of persons were wrong; the standing of {sellers} sellers has been worked out anew."


FORMS = [
    FormConfig(
        "Hide a review", HideReviewForm, hide_review, "Out of the lists and the ratings, or back into them.", "Reviews"
    ),
    FormConfig(
        "Recompute a rating", RatingForm, recompute_rating, "From the reviews, should it ever be wrong.", "Reviews"
    ),
    FormConfig(
        "Recompute standings",
        StandingsForm,
        recompute_standings,
        "What persons are rated and sellers amount to, from nothing. It happens by itself every night.",
        "Reviews",
    ),
]
