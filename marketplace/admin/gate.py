"""What a request must be before the panel sees it: the panel trusts bodies to have the right shape, and crashes if they do not."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from litestar.types import Receive, Scope

from marketplace.core import ratelimit
from marketplace.core.bodies import CUT_SHORT, decode
from marketplace.core.config import settings
from marketplace.core.edge.addresses import caller
from marketplace.core.errors import Forbidden, NotFound, UnsupportedMedia, ValidationFailed

SAFE: Final = ("GET", "HEAD", "OPTIONS")
CLOSED: Final = {
    "/api/change-password": "Change your password in your account: POST /api/v1/auth/password.",
    "/api/docs": None,
    "/api/openapi.json": None,
    "/public/docs": None,
    "/public/openapi.json": None,
}
"""A password changes in one place; and the panel's own docs load scripts from elsewhere."""
LOGIN: Final = "/public/login"
SPOKEN_TO: Final = (LOGIN, "/public/logout", "/api/mfa-setup")
"""Take forms as well as JSON, and nothing but texts."""
DESK: Final = "/desk/"
"""Pages of our own, whose forms the browser sends as they are."""
FORM: Final = "application/x-www-form-urlencoded"

_shown: dict[str, str] = {}
_network: ContextVar[str] = ContextVar("network", default="")


def network() -> str:
    """Where the request that is being answered comes from, as limits count it."""
    return _network.get()


@contextmanager
def calling(scope: Scope) -> Iterator[None]:
    token = _network.set(caller(scope))
    try:
        yield
    finally:
        _network.reset(token)


async def checked(scope: Any, receive: Receive) -> Receive:
    """The request's body again, once it is known to be good. Raises NotFound, Forbidden, RateLimited, UnsupportedMedia or ValidationFailed."""
    path = "/" + "/".join(part for part in scope["path"].split("/") if part)
    for closed, why in CLOSED.items():
        if path == closed or path.startswith(f"{closed}/"):
            raise NotFound(why) if why else NotFound
    if scope.get("method") in SAFE:
        _show_only(scope, path)
        return receive
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    _check_origin(headers)
    if path == LOGIN:  # one password tried on many names is a guess at none of them
        await ratelimit.hit("anonymous", caller(scope))
    body = await _read(receive)
    media_type = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if (path in SPOKEN_TO or path.startswith(DESK)) and media_type == FORM:
        return _again(body)
    if media_type not in ("", "application/json"):
        raise UnsupportedMedia
    wanted = dict[str, str | bool | None] if path in SPOKEN_TO else dict[str, Any]
    return _again(msgspec.json.encode(decode(body or b"{}", wanted)))


def show(table: str, columns: Collection[str]) -> None:
    """Let the panel send these columns of a table and no others."""
    _shown[table] = ",".join(sorted(columns))


def _show_only(scope: Any, path: str) -> None:
    """Ask for these columns where none is asked for: the panel would send every one that is no secret."""
    _, _, rest = path.partition("/api/tables/")
    shown = _shown.get(rest.partition("/")[0])
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if shown and not any(value for key, value in pairs if key == "__visible_fields"):
        kept = [pair for pair in pairs if pair[0] != "__visible_fields"]
        scope["query_string"] = urlencode([*kept, ("__visible_fields", shown)]).encode()


def _check_origin(headers: dict[bytes, str]) -> None:
    """A browser says which page it acts for; only our own may. The CSRF token stands behind this."""
    origin = headers.get(b"origin")
    ours = (headers.get(b"host"), urlsplit(settings().public_url).netloc)
    if origin is not None and urlsplit(origin).netloc not in ours:
        raise Forbidden("This page may not do that.")


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            raise ValidationFailed(CUT_SHORT)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
