from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.states import AccountStatus, Role

Reason = Annotated[str, Meta(min_length=5, max_length=1000, description="Why: it is kept in the audit log.")]
Note = Annotated[str, Meta(max_length=1000, description="Why, if there is more to say: it is kept in the audit log.")]


class ChangeUser(Struct, forbid_unknown_fields=True, kw_only=True):
    """What staff may change of an account; what is left out stays. A ban needs a reason."""

    role: Role | UnsetType = UNSET
    status: AccountStatus | UnsetType = UNSET
    is_verified: bool | UnsetType = UNSET
    reason: Note = ""


class BanUser(Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason


class Noted(Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Note = ""


class SettingOut(Struct, kw_only=True):
    """One setting of the platform: what it is now, and what it is unless changed."""

    key: str
    value: Any
    default: Any
    description: str


class StaffAuctionRow(Struct, kw_only=True):
    """An auction in the staff's list. `ends_at` is the last effective end of its lots."""

    id: UUID
    title: str
    seller_id: UUID
    seller: str
    status: str
    currency: str
    lots: int
    bids: int
    starts_at: datetime | None
    ends_at: datetime | None
    removed: bool
    created_at: datetime


class Dashboard(Struct, kw_only=True):
    """How the house stands. "Today" is the last 24 hours."""

    users: int
    users_today: int
    banned_users: int
    auctions_active: int
    auctions_scheduled: int
    auctions_today: int
    bids_today: int
    sales_today: int
    sales_awaiting_payment: int
    verifications_pending: int
    disputes_open: int
    disputes_for_staff: int
    disputes_overdue: int
    gigs_published: int
    gigs_pending: int
