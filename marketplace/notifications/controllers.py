from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.notifications import queries, service
from marketplace.notifications.queries import INBOX, UNREAD, NotificationFilters, UnreadFilters
from marketplace.notifications.schemas import MarkedRead, NotificationOut, SettingsIn, SettingsOut, UnreadCount


class NotificationController(Controller):
    path = "/notifications"
    tags = ("Notifications",)

    @get(operation_id="listNotifications", opt={"listing": INBOX})
    async def inbox(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[NotificationFilters]]
    ) -> Envelope[Page[NotificationOut]]:
        """Your inbox, newest first, in your language."""
        return await queries.list_notifications(viewer, listing)

    @get("/unread", operation_id="listUnreadNotifications", opt={"listing": UNREAD})
    async def unread(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[UnreadFilters]]
    ) -> Envelope[Page[NotificationOut]]:
        """What you have not read."""
        return await queries.list_notifications(viewer, listing)

    @get("/unread-count", operation_id="countUnreadNotifications")
    async def count(self, viewer: NamedDependency[Viewer]) -> Envelope[UnreadCount]:
        """How many you have not read."""
        return ok(UnreadCount(await queries.unread_count(viewer.id)))

    @post("/{notification_id:uuid}/read", operation_id="markNotificationRead", status_code=HTTP_200_OK)
    async def mark_read(
        self, notification_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[NotificationOut]:
        """Mark one as read. Doing it twice changes nothing."""
        return ok(await service.mark_read(viewer, notification_id))

    @put("/{notification_id:uuid}/read", operation_id="putNotificationRead")
    async def put_read(
        self, notification_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[NotificationOut]:
        """Mark one as read. Doing it twice changes nothing."""
        return ok(await service.mark_read(viewer, notification_id))

    @post("/read-all", operation_id="markAllNotificationsRead", status_code=HTTP_200_OK)
    async def mark_all_read(self, viewer: NamedDependency[Viewer]) -> Envelope[MarkedRead]:
        """Mark everything as read."""
        return ok(await self._read_all(viewer))

    @put("/read-all", operation_id="putAllNotificationsRead")
    async def put_all_read(self, viewer: NamedDependency[Viewer]) -> Envelope[MarkedRead]:
        """Mark everything as read."""
        return ok(await self._read_all(viewer))

    async def _read_all(self, viewer: Viewer) -> MarkedRead:
        marked = await service.mark_all_read(viewer.id)
        return MarkedRead(marked, await queries.unread_count(viewer.id))

    @delete("/{notification_id:uuid}", operation_id="deleteNotification")
    async def remove(self, notification_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take one out of your inbox."""
        await service.delete_notification(viewer.id, notification_id)

    @get("/settings", operation_id="showNotificationSettings")
    async def settings(self, viewer: NamedDependency[Viewer]) -> Envelope[SettingsOut]:
        """Which types reach you on which channels. Critical ones, about security and money, always do."""
        return ok(await queries.get_settings(viewer))

    @post("/settings", operation_id="changeNotificationSettings", status_code=HTTP_200_OK)
    async def change_settings(
        self, data: JSONBody[SettingsIn], viewer: NamedDependency[Viewer]
    ) -> Envelope[SettingsOut]:
        """Turn types on or off, per channel. Refuses with `critical_notification` to silence security and money."""
        await service.change_settings(viewer.id, data)
        return ok(await queries.get_settings(viewer))


CONTROLLERS: list[ControllerRouterHandler] = [NotificationController]
