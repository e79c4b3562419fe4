from datetime import timedelta
from uuid import UUID

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.core import clock, db
from marketplace.gigs.service import moderating

GIG = "Gig (slug or id)"


class ApproveForm(BaseModel):
    gig: str = Field(title=GIG, max_length=160)


class RejectForm(BaseModel):
    gig: str = Field(title=GIG, max_length=160)
    reason: str = Field(title="Reason, as its seller will read it", min_length=5, max_length=1000)


class FeatureForm(BaseModel):
    gig: str = Field(title=GIG, max_length=160)
    featured: bool = Field(True, title="Featured")
    days: int = Field(0, ge=0, le=365, title="For so many days (0: for good)")


async def gig(text: str) -> UUID:
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM gigs WHERE (slug = lower($1) OR id::text = lower($1)) AND status <> 'draft'", text.strip()
    )
    if found is None:
        raise ValueError(f"There is no gig {text!r}.")
    return found


@as_staff(Role.MODERATOR)
async def approve(request: Request, data: ApproveForm) -> str:
    await moderating.approve(actor_id(request), await gig(data.gig))
    return "It is published, and its seller has been told."


@as_staff(Role.MODERATOR)
async def reject(request: Request, data: RejectForm) -> str:
    await moderating.reject(actor_id(request), await gig(data.gig), data.reason)
    return "It is not shown. Its seller has been told why, and may mend it."


@as_staff(Role.MODERATOR)
async def feature(request: Request, data: FeatureForm) -> str:
    until = clock.now() + timedelta(days=data.days) if data.days else None
    await moderating.feature(actor_id(request), await gig(data.gig), data.featured, until)
    return "It is featured." if data.featured else "It is featured no more."


FORMS = [
    FormConfig("Approve a gig", ApproveForm, approve, "One that waits is shown from now on.", "Gigs"),
    FormConfig("Reject a gig", RejectForm, reject, "It is not shown; its seller is told why.", "Gigs"),
    FormConfig("Feature a gig", FeatureForm, feature, "Put it forward, or no more.", "Gigs"),
]
