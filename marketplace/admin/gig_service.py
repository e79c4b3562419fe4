"""What staff do with gigs, each act with its audit row."""

from uuid import UUID

from msgspec import UNSET

from marketplace.accounts.states import Role
from marketplace.admin.gig_schemas import ChangeGig, FeatureGig
from marketplace.admin.service import check_staff
from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.gigs.drafts import patch_of
from marketplace.gigs.schemas.gigs import UpdateGig
from marketplace.gigs.service import moderating
from marketplace.gigs.states import GigStatus


async def change_gig(actor_id: UUID, gig_id: UUID, wanted: ChangeGig) -> None:
    """Words and status in one go: all of it, or the refusal of the first that may not be. Raises what `moderating` does."""
    words = UpdateGig(
        title=wanted.title, description=wanted.description, category=wanted.category, category_id=wanted.category_id,
        tags=wanted.tags,
    )  # fmt: skip
    patch = await patch_of(gig_id, words)
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await moderating.change(actor_id, gig_id, patch, wanted.reason)
        if wanted.status is not UNSET:
            await _decide(actor_id, gig_id, wanted.status, wanted.reason)


async def _decide(actor_id: UUID, gig_id: UUID, status: GigStatus, reason: str) -> None:
    match status:
        case GigStatus.PUBLISHED:
            await moderating.approve(actor_id, gig_id)
        case GigStatus.REJECTED:
            await moderating.reject(actor_id, gig_id, reason)
        case GigStatus.PAUSED:
            await moderating.pause(actor_id, gig_id, reason)
        case GigStatus.ARCHIVED:
            await moderating.archive(actor_id, gig_id, reason)
        case _:
            raise ValidationFailed.of("status", "One of published, rejected, paused, archived.")


async def feature_gig(actor_id: UUID, gig_id: UUID, wanted: FeatureGig) -> None:
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await moderating.feature(actor_id, gig_id, wanted.featured, wanted.until)
