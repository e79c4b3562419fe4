"""HTTP of accounts, one module a subject."""

from marketplace.accounts.controllers.auth import AuthController
from marketplace.accounts.controllers.sockets import SocketTicketController

CONTROLLERS = [
    AuthController,
    SocketTicketController,
]
