"""Who calls, below the account: network address and program."""

from typing import Any

from litestar import Request

from marketplace.accounts import carried
from marketplace.accounts.service.sessions import Client
from marketplace.core.edge.addresses import caller


def client_of(request: Request[Any, Any, Any]) -> Client:
    """The caller's network address and user agent, cut to what is stored."""
    agent = "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())
    address = request.client.host if request.client else ""
    return Client(
        address=address[:64], user_agent=agent[:255], network=caller(request.scope), carried=carried.read(request.headers)
    )  # fmt: skip
