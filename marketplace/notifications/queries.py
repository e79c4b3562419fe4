from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.i18n import pick
from marketplace.core.pagination import ListQuery, Order
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import CATEGORY, DEFAULTS, Category, Kind
from marketplace.notifications.schemas import InboxSnapshot, NotificationOut, SettingOut, SettingsOut
from marketplace.notifications.texts import TEXTS, words

LATEST: Final = 20
COLUMNS: Final = "n.id, n.type, n.details::text AS details, n.occurrences, n.created_at, n.happened_at, n.read_at"


class NotificationFilters(Filters):
    type: list[Kind] | None = None
    category: Category | None = None
    is_read: bool | None = None


INBOX: Final = Listing(
    "notifications", NotificationFilters, key=Order("n.id", "uuid"), default="-happened_at",
    ordering={"happened_at": Order("n.happened_at", "timestamptz"), "created_at": Order("n.created_at", "timestamptz")},
    date="n.happened_at",
)  # fmt: skip


class UnreadFilters(Filters):
    type: list[Kind] | None = None
    category: Category | None = None


UNREAD: Final = Listing(
    "unread_notifications",
    UnreadFilters,
    key=INBOX.key,
    default=INBOX.default,
    ordering=INBOX.ordering,
    date=INBOX.date,
)


async def list_notifications(
    viewer: Viewer, listing: ListQuery[NotificationFilters] | ListQuery[UnreadFilters]
) -> Envelope[Page[NotificationOut]]:
    """The viewer's own inbox. One statement; its words are put together in the viewer's language."""
    wanted = listing.filters
    is_read = wanted.is_read if isinstance(wanted, NotificationFilters) else False
    of_category = [kind.value for kind in Kind if CATEGORY[kind] == wanted.category] if wanted.category else None
    rows = (
        listing.rows("notifications n")
        .columns(COLUMNS)
        .where('n."user" = {}', viewer.id)
        .when("n.type = ANY({}::text[])", wanted.type)
        .when("n.type = ANY({}::text[])", of_category)
    )
    if is_read is not None:
        rows.where(f"n.read_at IS {'NOT ' if is_read else ''}NULL")
    return await rows.built(lambda row: shown(row, viewer.language))


def shown(row: Mapping[str, Any], language: str) -> NotificationOut:
    """A row of COLUMNS for its reader."""
    kind, details = Kind(row["type"]), msgspec.json.decode(row["details"], type=Details)
    title, message = words(kind, details, language)
    return NotificationOut(
        id=row["id"], type=kind, category=CATEGORY[kind], title=title, message=message, data=details,
        occurrences=row["occurrences"], is_read=row["read_at"] is not None, read_at=row["read_at"],
        created_at=row["created_at"], happened_at=row["happened_at"],
    )  # fmt: skip


async def unread_count(user_id: UUID) -> int:
    return int(await db.fetch_val('SELECT count(*) FROM notifications WHERE "user" = $1 AND read_at IS NULL', user_id))


async def lock_notification(user_id: UUID, notification_id: UUID) -> asyncpg.Record:
    """The user's notification, until the transaction ends. Raises NotFound, also for somebody else's."""
    row = await db.fetch_row(
        f'SELECT {COLUMNS} FROM notifications n WHERE n.id = $1 AND n."user" = $2 FOR UPDATE',  # noqa: S608
        notification_id, user_id,
    )  # fmt: skip
    if row is None:
        raise NotFound
    return row


async def inbox_snapshot(viewer: Viewer) -> InboxSnapshot:
    rows = await db.fetch(
        f'SELECT {COLUMNS}, (SELECT count(*) FROM notifications WHERE "user" = $1 AND read_at IS NULL) AS unread '  # noqa: S608
        'FROM notifications n WHERE n."user" = $1 ORDER BY n.happened_at DESC, n.id DESC LIMIT $2',
        viewer.id, LATEST,
    )  # fmt: skip
    return InboxSnapshot(
        unread_count=rows[0]["unread"] if rows else 0, latest=[shown(row, viewer.language) for row in rows]
    )


async def get_settings(viewer: Viewer) -> SettingsOut:
    rows = await db.fetch(
        'SELECT type, in_app, email, live FROM notification_settings WHERE "user" = $1', viewer.id
    )  # fmt: skip
    chosen = {row["type"]: row for row in rows}
    return SettingsOut({kind: _setting(kind, chosen.get(kind, {}), viewer.language) for kind in Kind})


def _setting(kind: Kind, chosen: Mapping[str, Any], language: str) -> SettingOut:
    critical = CATEGORY[kind].is_critical
    on = {
        channel: critical or (default if chosen.get(channel) is None else chosen[channel])
        for channel, default in msgspec.structs.asdict(DEFAULTS[kind]).items()
    }
    title, _ = pick(TEXTS[kind], language)
    return SettingOut(category=CATEGORY[kind], title=title, is_critical=critical, **on)
