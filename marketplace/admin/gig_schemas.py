from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.admin.schemas import Note
from marketplace.gigs.schemas.common import Category, Description, Tags, Title
from marketplace.gigs.states import GigStatus

Decision = Annotated[
    GigStatus,
    Meta(
        description="`published` approves a gig that waits; `rejected`, `paused` and `archived` take it off and need a reason.",
        examples=["rejected"],
    ),
]


class ChangeGig(Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may change of a gig; what is left out stays. `reason` is kept in the audit log; of a rejection its seller reads it."""

    status: Decision | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    category_id: UUID | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    reason: Note = ""


class FeatureGig(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without `until`, for good."""

    featured: bool = True
    until: datetime | None = None
