from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.states import AccountStatus, Role

Reason = Annotated[str, Meta(min_length=5, max_length=2000, description="Why: it is kept in the audit log.")]


class StaffUserOut(Struct, kw_only=True):
    """An account as staff see it."""

    id: UUID
    email: str
    username: str
    first_name: str
    last_name: str
    role: Role
    status: AccountStatus
    is_verified: bool
    ban_reason: str
    created_at: datetime


class ChangeUser(Struct, forbid_unknown_fields=True, kw_only=True):
    """What staff may change; a field left out stays as it is."""

    role: Role | UnsetType = UNSET
    status: AccountStatus | UnsetType = UNSET
    is_verified: bool | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=2000)] = ""


class BanUser(Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason


class StaffNote(Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=2000)] = ""


class SettingOut(Struct, kw_only=True):
    key: str
    value: Any
    default: Any
    description: str


class StaffAuctionOut(Struct, kw_only=True):
    """An auction as staff see it."""

    id: UUID
    title: str
    seller_id: UUID
    seller: str
    status: str
    currency: str
    bid_count: int
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime


class Dashboard(Struct, kw_only=True):
    """How the house stands now; "today" is the last 24 hours."""

    users: int
    users_today: int
    banned_users: int
    active_auctions: int
    auctions_today: int
    bids_today: int
    signals_open: int
    verifications_pending: int
