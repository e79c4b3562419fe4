"""Whole answers to anonymous GETs, served before routing. A route asks for it: `opt={"cache": ("auctions", 5)}`.

That is the tags (one, or several with a space between) and the seconds to live. The events that change the answer call
`cache.drop("auctions")`. Answers from here do not count against rate limits, carry an ETag, and are kept compressed.
"""

from typing import Any, Final, TypeAlias

import msgspec
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope
from msgspec import Struct

from marketplace.core import cache, i18n, ids
from marketplace.core.edge.compress import compress, worth_it
from marketplace.core.edge.headers import SecurityHeaders

CONTROL: Final = b"public, max-age=0, must-revalidate"
VARY: Final = b"accept-encoding, accept-language, authorization, origin"

Headers: TypeAlias = list[tuple[bytes, bytes]]
Key: TypeAlias = tuple[str, bytes, str, bytes, str]


class Made(Struct, array_like=True):
    """An answer as it travels: the route's template is for the metrics."""

    route: str
    content_type: bytes
    etag: bytes
    body: bytes


class Ready(Struct):
    """An answer with its headers made for each encoding that was asked for."""

    made: Made
    not_modified: Headers
    variants: dict[bytes, tuple[Headers, bytes]]

    def variant(self, encoding: bytes) -> tuple[Headers, bytes]:
        found = self.variants.get(encoding)
        if found is None:
            found = self.variants[encoding] = self._encoded(encoding)
        return found

    def _encoded(self, encoding: bytes) -> tuple[Headers, bytes]:
        made = self.made
        body = made.body
        headers = [(b"content-type", made.content_type), *self.not_modified]
        if encoding and worth_it(made.content_type, len(body)):
            body = compress(body, encoding)
            headers.append((b"content-encoding", encoding))
        headers.append((b"content-length", str(len(body)).encode()))
        return headers, body


_pack = msgspec.msgpack.Encoder()
_unpack = msgspec.msgpack.Decoder(Made)


def _ready(payload: bytes, security: Headers) -> Ready:
    made = _unpack.decode(payload)
    own = [(b"etag", made.etag), (b"cache-control", CONTROL), (b"vary", VARY)]
    return Ready(made, own + [field for field in security if field[0] != b"cache-control"], {})


def key_of(scope: Scope, host: bytes, accept_language: bytes = b"") -> Key:
    """An answer may name its own address and may be in the reader's language, so both belong to the key."""
    language = i18n.negotiate(accept_language.decode("latin-1"))
    return scope["scheme"], host, scope["path"], scope["query_string"], language


class CachedGet:
    """Finds cached answers, and makes those that may be cached."""

    def __init__(self, app: Litestar, inner: ASGIApp, security: SecurityHeaders) -> None:
        self._route = app.asgi_router.handle_routing
        self._inner = inner
        self._security = security

    def policy(self, path: str) -> tuple[tuple[str, ...], float] | None:
        """(tags, seconds) of the route that would answer, if it may be cached."""
        try:
            _, handler, *_ = self._route(path=path.rstrip("/") or "/", method="GET")
        except HTTPException:
            return None
        asked = handler.opt.get("cache")
        return (tuple(asked[0].split()), float(asked[1])) if asked else None

    async def make(
        self, key: Key, policy: tuple[tuple[str, ...], float], scope: Scope, receive: Receive
    ) -> Ready | list[Message] | None:
        """The answer; or, if it may not be kept, its messages for the one who asked first, and None for the others."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        async def run() -> bytes | None:
            await self._inner(scope, receive, collect)
            return _packed(messages, str(scope.get("path_template", "")))

        tags, ttl = policy
        security = self._security.of(scope["path"])
        found: Any = await cache.shared.get_or_make(
            ("get", *key), run, ttl=ttl, tags=tags, decode=lambda payload: _ready(payload, security)
        )
        return found if found is not None else messages or None


def peek(key: Key) -> Ready | None:
    found: Ready | None = cache.shared.peek(("get", *key))
    return found


def _packed(messages: list[Message], route: str) -> bytes | None:
    start: Any = messages[0]
    headers = {name.lower(): value for name, value in start["headers"]}
    whole = len(messages) == 2 and not messages[1].get("more_body", False)
    if start["status"] != 200 or not whole or b"set-cookie" in headers or b"content-encoding" in headers:
        return None
    body: Any = messages[1].get("body", b"")
    etag = b'W/"' + ids.digest(body).encode() + b'"'
    return _pack.encode(Made(route, headers.get(b"content-type", b"application/json"), etag, body))
