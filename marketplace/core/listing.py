"""The dependency `listing`: a request's query string, parsed by the `Listing` its route names."""

from typing import Any

from litestar import Request
from litestar.types import HTTPScope

from marketplace.core.filters import Listing
from marketplace.core.pagination import ListQuery


async def provide_listing(request: Request[Any, Any, Any]) -> ListQuery[Any]:
    """The parsed query of the route's `opt["listing"]`. Raises ValidationFailed naming each wrong parameter."""
    listing: Listing[Any] = request.route_handler.opt["listing"]
    return listing.parse(list(request.query_params.multi_items()), address(request.scope))


def address(scope: HTTPScope) -> str:
    """The whole address of a request without its query string, as the client wrote it."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost").decode("latin-1")
    path = scope.get("raw_path") or scope["path"].encode()
    return f"{scope['scheme']}://{host}{scope.get('root_path', '')}{path.decode('latin-1').partition('?')[0]}"
