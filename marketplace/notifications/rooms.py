"""One's own notifications, live."""

from functools import partial
from uuid import UUID

from litestar import websocket
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from marketplace.accounts.sockets import serve
from marketplace.accounts.viewer import Viewer
from marketplace.core.errors import NotFound, NotSignedIn, ValidationFailed
from marketplace.core.rooms import Room
from marketplace.core.sockets import Socket
from marketplace.notifications import service
from marketplace.notifications.queries import inbox_snapshot, unread_count
from marketplace.notifications.schemas import MarkAllRead, Marked, MarkRead


async def hear(viewer: Viewer, said: MarkRead | MarkAllRead) -> Struct:
    if isinstance(said, MarkAllRead):
        marked = await service.mark_all_read(viewer.id)
    else:
        ids = [*said.notification_ids, *([said.notification_id] if said.notification_id else [])]
        if not ids:
            raise ValidationFailed.of("notification_id", "Say which: `notification_id` or `notification_ids`.")
        marked = await service.mark_these_read(viewer.id, ids)
    return Marked(marked, await unread_count(viewer.id))


@websocket("/ws/notifications/{user_id:uuid}")
async def notification_room(socket: Socket, user_id: FromPath[UUID]) -> None:
    async def enter(visitor: Viewer | None) -> Room:
        if visitor is None:
            raise NotSignedIn
        if visitor.id != user_id:
            raise NotFound
        return Room(
            name=service.room(user_id), snapshot=partial(inbox_snapshot, visitor),
            hears=MarkRead | MarkAllRead, hear=partial(hear, visitor),
        )  # fmt: skip

    await serve(socket, enter)


ROOMS: list[ControllerRouterHandler] = [notification_room]
