"""The door: what surrounds every request, in one pass.

Inside out: cached answers; size limits; request id; security, CORS and rate limit headers; compression; metrics; the
request log. One layer, because each layer of its own costs as much as what it does.
"""

from typing import Any, Final

import structlog
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from marketplace.core.config import settings
from marketplace.core.edge import cached, compress, metrics
from marketplace.core.edge.cors import Cors
from marketplace.core.edge.exchange import UNEVENTFUL, Exchange
from marketplace.core.edge.headers import SecurityHeaders
from marketplace.core.errors import DomainError, NotFound, PayloadTooLarge
from marketplace.core.rooms import close_code

log = structlog.get_logger("marketplace.request")

ROUTING_FAILED: Final = 4500


class Door:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Litestar, inner: ASGIApp) -> None:
        config = settings()
        self._inner = inner
        self._security = SecurityHeaders()
        self._cached = cached.CachedGet(app, inner, self._security)
        self._cors = Cors()
        self._hosts = [part.strip().lower() for part in config.allowed_hosts.split(",") if part.strip()]
        self._max_body, self._max_upload = config.max_body_bytes, config.max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        scope.setdefault("state", {})
        exchange = Exchange(self._security, self._cors, scope, headers, send)
        if "method" not in scope:
            await self._socket(exchange, scope, receive)
            return
        try:
            await self._http(exchange, scope, headers, receive)
        finally:
            exchange.finish()

    async def _http(self, exchange: Exchange, scope: Any, headers: dict[bytes, bytes], receive: Receive) -> None:
        host = headers.get(b"host", b"")
        path: str = scope["path"]
        if self._hosts and not self._known(host) and not path.startswith(UNEVENTFUL):
            await exchange.refuse(_UnknownHost())
            return
        if "\x00" in path:  # which no name holds, and PostgreSQL takes in no text
            await exchange.refuse(NotFound())
            return
        method = scope["method"]
        if method == "OPTIONS" and b"access-control-request-method" in headers:
            await exchange.answer(204, self._cors.preflight(headers.get(b"origin", b"")), b"")
            return
        if method == "HEAD":
            method = "GET"
            scope = exchange.as_get()
        if method == "GET":
            if b"authorization" not in headers and await self._from_cache(exchange, scope, headers, host, receive):
                return
        elif method != "OPTIONS":
            receive = self._limited(headers, receive)
            if _length(headers) > self._most(headers):
                await exchange.refuse(PayloadTooLarge())
                return
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            await self._inner(scope, receive, exchange.send)

    async def _from_cache(
        self, exchange: Exchange, scope: Any, headers: dict[bytes, bytes], host: bytes, receive: Receive
    ) -> bool:
        key = cached.key_of(scope, host, headers.get(b"accept-language", b""))
        ready = cached.peek(key)
        if ready is None:
            policy = self._cached.policy(scope["path"])
            if policy is None:
                return False
            with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
                made = await self._cached.make(key, policy, scope, receive)
            if not isinstance(made, cached.Ready):
                for message in made or ():
                    await exchange.send(message)
                return made is not None
            ready = made
        exchange.route = ready.made.route
        exchange.cached = True
        match = headers.get(b"if-none-match")
        if match is not None and (ready.made.etag in match or match == b"*"):
            await exchange.answer_made(304, ready.not_modified, b"")
        else:
            encoding = compress.choose(headers.get(b"accept-encoding"))
            await exchange.answer_made(200, *ready.variant(encoding))
        return True

    async def _socket(self, exchange: Exchange, scope: Any, receive: Receive) -> None:
        if self._hosts and not self._known(exchange.headers.get(b"host", b"")):
            await exchange.raw_send({"type": "websocket.close", "code": 4400, "reason": "invalid_host"})
            return
        accepted = False

        async def send(message: Any) -> None:
            nonlocal accepted
            error = scope["state"].get("error")
            if message["type"] == "websocket.accept":
                accepted = True
                metrics.SOCKETS.labels(scope.get("path_template", "")).inc()
            elif message["type"] == "websocket.close" and message.get("code") == ROUTING_FAILED and error is not None:
                # Raised before the room could say so itself: by a guard, a dependency, the reading of the token.
                reason = error.code if isinstance(error, DomainError) else "internal_error"
                message = {**message, "code": close_code(error), "reason": reason}
            await exchange.raw_send(message)

        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            try:
                await self._inner(scope, receive, send)
            finally:
                route = scope.get("path_template", "")
                if accepted:
                    metrics.SOCKETS.labels(route).dec()
                log.info("socket", path=scope["path"], accepted=accepted, seconds=round(exchange.elapsed, 3))

    def _known(self, host: bytes) -> bool:
        name = host.decode("latin-1").rpartition(":")[0] if b":" in host else host.decode("latin-1")
        name = name.lower()
        return any(name == known or (known.startswith("*.") and name.endswith(known[1:])) for known in self._hosts)

    def _most(self, headers: dict[bytes, bytes]) -> int:
        upload = headers.get(b"content-type", b"").startswith(b"multipart/")
        return self._max_upload if upload else self._max_body

    def _limited(self, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """A body without a declared length is counted as it comes."""
        if b"content-length" in headers:
            return receive
        left = self._most(headers)

        async def counting() -> Any:
            nonlocal left
            message: Any = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise PayloadTooLarge
            return message

        return counting


class _UnknownHost(DomainError):
    status_code = 400
    code = "invalid_host"
    default_message = "The service does not answer to this host name."


def _length(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0
