from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from marketplace.core.rooms import Said
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Category, Kind


class NotificationOut(Struct, frozen=True, kw_only=True):
    """`happened_at` is when it last happened, `occurrences` how often since it was last read."""

    id: UUID
    type: Kind
    category: Category
    title: str
    message: str
    data: Details
    occurrences: int
    is_read: bool
    read_at: datetime | None
    created_at: datetime
    happened_at: datetime


class UnreadCount(Struct, frozen=True):
    unread_count: int


class MarkedRead(Struct, frozen=True):
    """How many became read just now."""

    marked: int
    unread_count: int


class SettingOut(Struct, frozen=True, kw_only=True):
    """`is_critical` types are always told on every channel."""

    category: Category
    title: str
    is_critical: bool
    in_app: bool
    email: bool
    live: bool


class SettingsOut(Struct, frozen=True):
    settings: dict[Kind, SettingOut]


Switch = Annotated[bool, Meta(description="On or off; left out, it stays as it is.")]


class ChannelsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    in_app: Switch | UnsetType = UNSET
    email: Switch | UnsetType = UNSET
    live: Switch | UnsetType = UNSET


class SettingsIn(ChannelsIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Per type in `settings`; `in_app`, `email` and `live` beside it are for all types that can be turned off."""

    settings: dict[Kind, ChannelsIn] = field(default_factory=dict)


class InboxSnapshot(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """The inbox as a socket finds it: how much is unread, and the newest notifications."""

    unread_count: int
    latest: list[NotificationOut]


class NotificationTold(Struct, frozen=True, kw_only=True, tag="notification"):
    """A new notification, or one that happened again. Add `unread_change` to the unread count."""

    notification: NotificationOut
    unread_change: int


class NotificationsRead(Struct, frozen=True, kw_only=True, tag="notifications_read"):
    """These became read, here or on another device; `ids` null: too many to name, all up to now."""

    ids: list[UUID] | None
    unread_change: int


class NotificationDeleted(Struct, frozen=True, kw_only=True, tag="notification_deleted"):
    id: UUID
    unread_change: int


class MarkRead(Said, frozen=True, kw_only=True, tag="mark_read"):
    """Mark one notification as read, or several."""

    notification_id: UUID | None = None
    notification_ids: Annotated[tuple[UUID, ...], Meta(max_length=100)] = ()


class MarkAllRead(Said, frozen=True, tag="mark_all_read"):
    """Mark everything as read."""


class Marked(Struct, frozen=True, tag="marked_read"):
    """Answers `mark_read` and `mark_all_read`."""

    marked: int
    unread_count: int
