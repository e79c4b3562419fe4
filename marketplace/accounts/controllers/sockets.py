from litestar import Controller, post
from litestar.di import NamedDependency
from msgspec import Struct

from marketplace.accounts.tickets import TICKET_SECONDS, issue_ticket
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok


class TicketOut(Struct, frozen=True):
    """Open a socket with `?ticket=<ticket>`, once, within `expires_in` seconds."""

    ticket: str
    expires_in: int


class SocketTicketController(Controller):
    path = "/auth"
    tags = ("Auth",)

    @post("/ws-ticket", operation_id="issueSocketTicket")
    async def issue(self, viewer: NamedDependency[Viewer]) -> Envelope[TicketOut]:
        """A one-use ticket for a WebSocket, for clients such as browsers that cannot send a header with it."""
        return ok(TicketOut(await issue_ticket(viewer.session_id), TICKET_SECONDS))
