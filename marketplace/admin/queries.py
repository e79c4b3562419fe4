from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.admin.schemas import Dashboard, SettingOut, StaffAuctionRow
from marketplace.auctions.states import AuctionStatus
from marketplace.core import db, platform
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order


class AuctionFilters(Filters):
    status: AuctionStatus | None = None
    seller: Annotated[UUID, Meta(description="The seller's id.")] | None = None
    removed: Annotated[bool, Meta(description="Deleted by their seller, or not.")] | None = None


AUCTIONS = Listing(
    "admin_auctions", AuctionFilters, key=Order("a.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("a.created_at", "timestamptz"), "title": Order("lower(a.title)", "text")},
    search=("a.title", "u.username"), date="a.created_at",
)  # fmt: skip


async def list_auctions(listing: ListQuery[AuctionFilters]) -> Envelope[Page[StaffAuctionRow]]:
    wanted = listing.filters
    rows = (
        listing.rows("auctions a JOIN users u ON u.id = a.seller")
        .columns(
            "a.id, a.title, a.seller AS seller_id, u.username AS seller, a.status, a.currency, a.starts_at, a.created_at, "
            "a.deleted_at IS NOT NULL AS removed, "
            "(SELECT count(*) FROM lots l WHERE l.auction = a.id) AS lots, "
            "(SELECT coalesce(sum(l.bid_count), 0) FROM lots l WHERE l.auction = a.id) AS bids, "
            "coalesce((SELECT max(l.ends_at) FROM lots l WHERE l.auction = a.id), a.ends_at) AS ends_at"
        )
        .when("a.status = {}", wanted.status)
        .when("a.seller = {}", wanted.seller)
        .when("(a.deleted_at IS NOT NULL) = {}", wanted.removed)
    )
    return await rows.page(StaffAuctionRow)


async def get_dashboard() -> Dashboard:
    row = await db.fetch_row(
        """
        SELECT
            (SELECT count(*) FROM users WHERE status <> 'erased') AS users,
            (SELECT count(*) FROM users WHERE created_at > now() - interval '1 day') AS users_today,
            (SELECT count(*) FROM users WHERE status = 'banned') AS banned_users,
            (SELECT count(*) FROM auctions WHERE status = 'active' AND deleted_at IS NULL) AS auctions_active,
            (SELECT count(*) FROM auctions WHERE status = 'scheduled' AND deleted_at IS NULL) AS auctions_scheduled,
            (SELECT count(*) FROM auctions WHERE created_at > now() - interval '1 day') AS auctions_today,
            (SELECT count(*) FROM bids WHERE placed_at > now() - interval '1 day') AS bids_today,
            (SELECT count(*) FROM sales WHERE created_at > now() - interval '1 day') AS sales_today,
            (SELECT count(*) FROM sales WHERE status = 'awaiting_payment') AS sales_awaiting_payment,
            (SELECT count(*) FROM identity_checks WHERE status = 'pending') AS verifications_pending,
            (SELECT count(*) FROM gigs WHERE status = 'published' AND hidden_at IS NULL) AS gigs_published,
            (SELECT count(*) FROM gigs WHERE status = 'pending') AS gigs_pending,
            (SELECT count(*) FROM disputes WHERE status NOT IN ('resolved', 'withdrawn')) AS disputes_open,
            (SELECT count(*) FROM disputes WHERE turn = 'staff') AS disputes_for_staff,
            (SELECT count(*) FROM disputes WHERE due_at < now()) AS disputes_overdue
        """
    )
    return msgspec.convert(dict(row or {}), Dashboard)


async def list_settings() -> list[SettingOut]:
    values = await platform.current()
    return [
        SettingOut(key=one.key, value=values[one.key], default=one.default, description=one.description)
        for one in platform.defined()
    ]
