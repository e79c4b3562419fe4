"""The rows of gigs, locked. A gig's own row is the one lock: whoever changes anything of it, or orders it, holds that."""

from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from marketplace.core import db
from marketplace.gigs.errors import GigNotFound, MediaNotFound, PackageNotFound
from marketplace.gigs.states import GigStatus


class LockedGig(Struct, frozen=True, kw_only=True):
    """A gig under its lock. `ordered`: somebody has ordered it; `was_published`: somebody may have."""

    id: UUID
    seller: UUID
    title: str
    slug: str
    category: UUID | None
    currency: str
    status: GigStatus
    must_be_approved: bool
    approved: bool
    hidden: bool
    was_published: bool
    ordered: bool


GIG: Final = (
    "SELECT g.id, g.seller, g.title, g.slug, g.category, g.currency, g.status, g.must_be_approved, "
    "g.approved_at IS NOT NULL AS approved, g.hidden_at IS NOT NULL AS hidden, g.published_at IS NOT NULL AS was_published, "
    "g.order_count > 0 AS ordered FROM gigs g WHERE {which} FOR NO KEY UPDATE"
)


async def lock_gig(gig_id: UUID) -> LockedGig:
    """Raises GigNotFound."""
    row = await db.fetch_row(GIG.format(which="g.id = $1"), gig_id)
    if row is None:
        raise GigNotFound
    return _locked(row)


def _locked(row: asyncpg.Record) -> LockedGig:
    return LockedGig(**{**dict(row), "status": GigStatus(row["status"])})


async def lock_gig_of_package(package_id: UUID, seller_id: UUID) -> LockedGig:
    """The seller's gig whose package this is, where it is still offered. Raises PackageNotFound."""
    gig = await _lock_of("SELECT gig FROM gig_packages WHERE id = $1 AND archived_at IS NULL", package_id, seller_id)
    if gig is None:
        raise PackageNotFound
    return gig


async def lock_gig_of_media(media_id: UUID, seller_id: UUID) -> LockedGig:
    """The seller's gig that shows this. Raises MediaNotFound."""
    gig = await _lock_of("SELECT gig FROM gig_media WHERE id = $1", media_id, seller_id)
    if gig is None:
        raise MediaNotFound
    return gig


async def _lock_of(statement: str, part_id: UUID, seller_id: UUID) -> LockedGig | None:
    """The part may be gone by the time its gig is locked: the caller looks again."""
    row = await db.fetch_row(GIG.format(which=f"g.id = ({statement}) AND g.seller = $2"), part_id, seller_id)
    return None if row is None else _locked(row)
