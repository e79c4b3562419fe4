"""Telling people, and what they do with what they were told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from marketplace.accounts.house import HOUSE
from marketplace.accounts.viewer import Viewer
from marketplace.core import clock, db, live, mail, outbox
from marketplace.core.config import settings
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.notifications.details import Details
from marketplace.notifications.errors import CriticalNotification
from marketplace.notifications.events import LettersWanted
from marketplace.notifications.kinds import CATEGORY, DEFAULTS, Kind
from marketplace.notifications.queries import lock_notification, shown, unread_count
from marketplace.notifications.schemas import (
    ChannelsIn,
    NotificationDeleted,
    NotificationOut,
    NotificationsRead,
    NotificationTold,
    SettingsIn,
)
from marketplace.notifications.texts import words

LETTERS: Final = 50
NAMED: Final = 500
"""Most ids that one live message names."""


def room(user_id: UUID) -> str:
    return f"notifications:{user_id}"


async def notify(
    kind: Kind, details: Details, user_ids: Iterable[UUID], *, key: str = "", at: datetime | None = None
) -> int:
    """Tell people something, each on the channels they want. Returns how many.

    Belongs inside `transaction()`, in practice a listener's. However many people, the inboxes are one statement, the live
    rooms another. While an earlier notification with the same `key` is unread, it is brought up to date instead, without
    another letter unless it has become news of another kind; what arrives late (`at` is when it happened) does not overwrite newer.
    """
    people = sorted({user_id for user_id in user_ids if user_id != HOUSE})
    if not people:
        return 0
    defaults, critical = DEFAULTS[kind], CATEGORY[kind].is_critical
    at = at or clock.now()
    told = await db.fetch(
        "WITH wanted AS MATERIALIZED ("
        "SELECT p.user_id, p.id, u.language, u.email_verified_at IS NOT NULL AS reachable, "
        "$5 OR coalesce(s.in_app, $6) AS in_app, $5 OR coalesce(s.email, $7) AS email, $5 OR coalesce(s.live, $8) AS live "
        "FROM unnest($1::uuid[], $2::uuid[]) AS p(user_id, id) JOIN users u ON u.id = p.user_id AND u.status = 'active' "
        'LEFT JOIN notification_settings s ON s."user" = p.user_id AND s.type = $3), '
        'before AS MATERIALIZED (SELECT n."user" AS user_id, n.type FROM notifications n JOIN wanted w ON w.user_id = n."user" '
        "WHERE n.dedupe_key = $9 AND $9 <> '' AND n.read_at IS NULL), "
        'kept AS (INSERT INTO notifications (id, "user", type, details, dedupe_key, occurrences, created_at, happened_at) '
        "SELECT id, user_id, $3, $4::jsonb, $9, 1, $10, $10 FROM wanted WHERE in_app ORDER BY user_id "
        "ON CONFLICT (\"user\", dedupe_key) WHERE read_at IS NULL AND dedupe_key <> '' "
        "DO UPDATE SET occurrences = notifications.occurrences + 1, (type, details, happened_at) = ("
        "SELECT n.type, n.details, n.happened_at FROM (VALUES (EXCLUDED.type, EXCLUDED.details, EXCLUDED.happened_at), "
        "(notifications.type, notifications.details, notifications.happened_at)) AS n(type, details, happened_at) "
        "ORDER BY n.happened_at DESC LIMIT 1) "
        'RETURNING id, "user", type, details, occurrences, created_at, happened_at, read_at) '
        "SELECT w.user_id, w.language, w.reachable AND w.email AS email, w.live, k.id IS NOT NULL AS is_kept, "
        "coalesce(k.id, w.id) AS id, coalesce(k.type, $3) AS type, coalesce(k.details, $4::jsonb)::text AS details, "
        "coalesce(k.occurrences, 1) AS occurrences, coalesce(k.created_at, $10) AS created_at, "
        "coalesce(k.happened_at, $10) AS happened_at, k.read_at, "
        "coalesce(k.occurrences, 1) = 1 OR (b.type <> $3 AND k.type = $3) AS is_news "
        'FROM wanted w LEFT JOIN kept k ON k."user" = w.user_id LEFT JOIN before b ON b.user_id = w.user_id ORDER BY w.user_id',
        people, [uuid7() for _ in people], kind.value, msgspec.json.encode(details).decode(),
        critical, defaults.in_app, defaults.email, defaults.live, key, at,
    )  # fmt: skip
    await live.post_in_each([
        (
            room(row["user_id"]),
            NotificationTold(
                notification=shown(row, row["language"]),
                unread_change=int(row["is_kept"] and row["occurrences"] == 1),
            ),
        )
        for row in told if row["live"]
    ])  # fmt: skip
    readers = [row["user_id"] for row in told if row["email"] and row["is_news"]]
    await outbox.emit(*(
        LettersWanted(kind=kind, details=details, user_ids=readers[i : i + LETTERS])
        for i in range(0, len(readers), LETTERS)
    ))  # fmt: skip
    return len(told)


async def write_letters(kind: Kind, details: Details, user_ids: list[UUID]) -> None:
    """Mail a notification, to each in their language. Belongs inside `transaction()`."""
    people = await db.fetch(
        "SELECT email, language, coalesce(nullif(first_name, ''), username) AS name FROM users "
        "WHERE id = ANY($1::uuid[]) AND status = 'active' ORDER BY id",
        user_ids,
    )
    link = f"{settings().public_url}/#/auction/{details.auction_id}" if details.auction_id else None
    for person in people:
        title, message = words(kind, details, person["language"])
        await mail.send(
            "notifications/notice", to=person["email"], language=person["language"], name=person["name"],
            title=title, message=message, link=link, critical=CATEGORY[kind].is_critical,
        )  # fmt: skip


async def mark_read(viewer: Viewer, notification_id: UUID) -> NotificationOut:
    """Doing it twice changes nothing. Raises NotFound, also for somebody else's."""
    async with db.transaction():
        row = await lock_notification(viewer.id, notification_id)
        found = shown(row, viewer.language)
        if found.is_read:
            return found
        await _mark(viewer.id, [notification_id])
    return msgspec.structs.replace(found, is_read=True, read_at=clock.now())


async def mark_these_read(user_id: UUID, ids: list[UUID]) -> int:
    """Mark those of them that are this user's and unread. Returns how many became read."""
    async with db.transaction():
        return await _mark(user_id, ids)


async def mark_all_read(user_id: UUID) -> int:
    """Returns how many became read."""
    async with db.transaction():
        return await _mark(user_id, None)


async def _mark(user_id: UUID, ids: list[UUID] | None) -> int:
    rows = await db.fetch(
        'UPDATE notifications SET read_at = $3 WHERE "user" = $1 AND read_at IS NULL '
        "AND ($2::uuid[] IS NULL OR id = ANY($2)) RETURNING id",
        user_id, ids, clock.now(),
    )  # fmt: skip
    marked = [row["id"] for row in rows]
    if marked:
        named = marked if len(marked) <= NAMED else None
        await live.post(room(user_id), NotificationsRead(ids=named, unread_change=-len(marked)))
    return len(marked)


async def delete_notification(user_id: UUID, notification_id: UUID) -> None:
    """Raises NotFound, also for somebody else's."""
    async with db.transaction():
        row = await lock_notification(user_id, notification_id)
        await db.execute("DELETE FROM notifications WHERE id = $1", notification_id)
        change = 0 if row["read_at"] else -1
        await live.post(room(user_id), NotificationDeleted(id=notification_id, unread_change=change))


async def change_settings(user_id: UUID, wanted: SettingsIn) -> None:
    """Raises CriticalNotification naming each type that cannot be turned off."""
    for_all = ChannelsIn(in_app=wanted.in_app, email=wanted.email, live=wanted.live)
    chosen = {kind: for_all for kind in Kind if not CATEGORY[kind].is_critical} if for_all != ChannelsIn() else {}
    if not chosen and not wanted.settings:
        raise ValidationFailed.of(
            "settings", "Say what to change: per type here, or `in_app`, `email`, `live` for all."
        )
    refused = {
        f"settings.{kind}.{channel}": ["This cannot be turned off."]
        for kind, channels in wanted.settings.items() if CATEGORY[kind].is_critical
        for channel, is_on in msgspec.structs.asdict(channels).items() if is_on is False
    }  # fmt: skip
    if refused:
        raise CriticalNotification(fields=refused)
    for kind, channels in wanted.settings.items():
        chosen[kind] = _over(chosen.get(kind, ChannelsIn()), channels)
    kinds = [kind for kind in chosen if not CATEGORY[kind].is_critical]
    columns = [
        [None if (value := getattr(chosen[kind], channel)) is UNSET else value for kind in kinds]
        for channel in ("in_app", "email", "live")
    ]
    await db.execute(
        'INSERT INTO notification_settings ("user", type, in_app, email, live) '
        "SELECT $1, t.* FROM unnest($2::text[], $3::bool[], $4::bool[], $5::bool[]) AS t "
        'ON CONFLICT ("user", type) DO UPDATE SET in_app = coalesce(EXCLUDED.in_app, notification_settings.in_app), '
        "email = coalesce(EXCLUDED.email, notification_settings.email), "
        "live = coalesce(EXCLUDED.live, notification_settings.live)",
        user_id, [kind.value for kind in kinds], *columns,
    )  # fmt: skip


def _over(general: ChannelsIn, special: ChannelsIn) -> ChannelsIn:
    chosen = {name: value for name, value in msgspec.structs.asdict(special).items() if value is not UNSET}
    return msgspec.structs.replace(general, **chosen)


__all__ = ["LETTERS", "change_settings", "delete_notification", "mark_all_read", "mark_read", "mark_these_read", "notify",
           "room", "unread_count", "write_letters"]  # fmt: skip
