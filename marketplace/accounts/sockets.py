"""Who is behind a WebSocket, and the way into every live room."""

import contextlib
from collections.abc import Awaitable, Callable

import structlog

from marketplace.accounts.tickets import redeem_ticket
from marketplace.accounts.tokens import TokenInvalid
from marketplace.accounts.viewer import Viewer, load_viewer
from marketplace.core import db
from marketplace.core.channels import LiveChannels
from marketplace.core.errors import DomainError, ValidationFailed
from marketplace.core.rooms import Crashed, Room, close_code, serve_room
from marketplace.core.sockets import GONE, Connection, Refused, Socket, check_origin, registered

log = structlog.get_logger(__name__)


async def serve(socket: Socket, enter: Callable[[Viewer | None], Awaitable[Room]]) -> None:
    """Let a visitor into the room that `enter` names, and serve it until it ends. See `core.rooms`.

    The visitor is known by `Authorization: Bearer <access token>` or by `?ticket=` (POST /auth/ws-ticket/), or is an
    anonymous spectator: `enter` refuses whom it does not want. A refusal is sent as an error message, then the socket
    is closed with its code.
    """
    try:
        check_origin(socket)
    except DomainError as error:
        await socket.close(4000 + error.status_code, error.code)  # before it is accepted: answered with HTTP 403
        return
    await socket.accept()
    channels: LiveChannels = socket.app.plugins.get(LiveChannels)
    code, reason = 1000, ""
    try:
        visitor = await socket_viewer(socket)
        connection = Connection(socket, visitor)
        with registered(connection):
            since = _since(socket)
            await serve_room(connection, channels, await enter(visitor), since)
            if connection.ended.done():
                code, reason = connection.ended.result()
    except GONE:
        return
    except Exception as error:
        refusal = error if isinstance(error, DomainError) else db.unavailable(error)
        if refusal is None:
            log.exception("socket.crashed", path=socket.url.path)
            refusal = Crashed()
        code, reason = close_code(refusal), refusal.code
        with contextlib.suppress(*GONE):
            await Connection(socket, None).send(Refused.of(refusal))
    if socket.connection_state != "disconnect":
        with contextlib.suppress(*GONE, RuntimeError):
            await socket.close(code, reason)


async def socket_viewer(socket: Socket) -> Viewer | None:
    """Who opens this socket. Raises TokenInvalid, TicketInvalid or AccountBanned; nobody named is an anonymous visitor."""
    header = socket.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid("Send the token as `Authorization: Bearer <token>`.")
        return await load_viewer(token.strip())
    ticket = socket.query_params.get("ticket")
    return None if ticket is None else await redeem_ticket(ticket)


def _since(socket: Socket) -> int | None:
    since = socket.query_params.get("since")
    if since is None:
        return None
    if not since.isdecimal() or len(since) > 18:
        raise ValidationFailed.of("since", "Must be the number of the last message you have.")
    return int(since)
