"""The door: what surrounds every request, in one pass.

Inside out: cached answers; size limits; request id; security, CORS and rate limit headers; compression; metrics; the
request log. One layer, because each layer of its own costs as much as what it does.
"""

import asyncio
import re
from time import perf_counter
from typing import Any, Final

import msgspec
import structlog
from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.core.config import settings
from marketplace.core.edge import cached, compress, metrics
from marketplace.core.edge.cors import Cors
from marketplace.core.edge.headers import Raw, SecurityHeaders
from marketplace.core.envelope import Refusal
from marketplace.core.errors import DomainError, PayloadTooLarge
from marketplace.core.ids import uuid7
from marketplace.core.rooms import close_code

log = structlog.get_logger("marketplace.request")

SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{8,128}\Z")
UNEVENTFUL: Final = ("/health", "/metrics")
ROUTING_FAILED: Final = 4500


class Door:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Litestar, inner: ASGIApp) -> None:
        config = settings()
        self._inner = inner
        self._cached = cached.CachedGet(app, inner)
        self._security = SecurityHeaders()
        self._cors = Cors()
        self._hosts = [part.strip().lower() for part in config.allowed_hosts.split(",") if part.strip()]
        self._max_body, self._max_upload = config.max_body_bytes, config.max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        scope.setdefault("state", {})
        exchange = Exchange(self, scope, headers, send)
        if "method" not in scope:
            await self._socket(exchange, scope, receive)
            return
        try:
            await self._http(exchange, scope, headers, receive)
        finally:
            exchange.finish()

    async def _http(self, exchange: "Exchange", scope: Any, headers: dict[bytes, bytes], receive: Receive) -> None:
        host = headers.get(b"host", b"")
        path: str = scope["path"]
        if self._hosts and not self._known(host) and not path.startswith(UNEVENTFUL):
            await exchange.refuse(_UnknownHost())
            return
        method = scope["method"]
        if method == "OPTIONS" and b"access-control-request-method" in headers:
            await exchange.answer(204, self._cors.preflight(headers.get(b"origin", b"")), b"")
            return
        if method == "HEAD":
            method = scope["method"] = "GET"
            exchange.head = True
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
        self, exchange: "Exchange", scope: Any, headers: dict[bytes, bytes], host: bytes, receive: Receive
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
            await exchange.answer(304, ready.not_modified, b"")
        else:
            fields, body = ready.variant(compress.choose(headers.get(b"accept-encoding")))
            await exchange.answer(200, fields, body)
        return True

    async def _socket(self, exchange: "Exchange", scope: Any, receive: Receive) -> None:
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

    def common(self, path: str, origin: bytes | None) -> Raw:
        security = self._security.of(path)
        return security if origin is None else [*security, *self._cors.headers(origin)]


class Exchange:
    """One request and its answer, as the door sees them."""

    __slots__ = (
        "_door", "_scope", "_start", "_started", "cached", "head", "headers", "method", "raw_send", "request_id",
        "route", "size", "status",
    )  # fmt: skip

    def __init__(self, door: Door, scope: Any, headers: dict[bytes, bytes], send: Send) -> None:
        self._door = door
        self._scope = scope
        self._started = perf_counter()
        self._start: Any = None
        self.headers = headers
        self.raw_send: Any = send
        self.method = scope.get("method", "")
        self.head = False
        self.cached = False
        self.route = ""
        self.status = 0
        self.size = 0
        given = headers.get(b"x-request-id")
        self.request_id = given.decode() if given is not None and SANE_ID.match(given) else uuid7().hex
        scope["state"]["request_id"] = self.request_id

    @property
    def elapsed(self) -> float:
        return perf_counter() - self._started

    async def send(self, message: Message) -> None:
        """Holds the start until the first part of the body is there: only then is known whether it is the whole."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            await self._begin(start, message)
            return
        if message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
            if self.head:
                message = {**message, "body": b""}
        await self.raw_send(message)

    async def _begin(self, start: Any, first: Any) -> None:
        body: bytes = first.get("body", b"")
        headers: Raw = [(name.lower(), value) for name, value in start["headers"]]
        if not first.get("more_body", False):
            headers, body = await self._compressed(start["status"], headers, body)
            first = {**first, "body": body}
        await self._head(start["status"], headers)
        self.size += len(body)
        await self.raw_send({**first, "body": b""} if self.head else first)

    async def _compressed(self, status: int, headers: Raw, body: bytes) -> tuple[Raw, bytes]:
        content_type = next((value for name, value in headers if name == b"content-type"), b"")
        if not compress.worth_it(content_type, len(body)) or status in (206, 304):
            return headers, body
        if any(name == b"content-encoding" for name, _ in headers):
            return headers, body
        headers.append((b"vary", b"accept-encoding"))
        encoding = compress.choose(self.headers.get(b"accept-encoding"))
        if not encoding:
            return headers, body
        if len(body) >= compress.LARGE:
            body = await asyncio.to_thread(compress.compress, body, encoding)
        else:
            body = compress.compress(body, encoding)
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        return [*kept, (b"content-encoding", encoding), (b"content-length", str(len(body)).encode())], body

    async def answer(self, status: int, headers: Raw, body: bytes) -> None:
        """An answer of the door's own."""
        await self._head(status, headers)
        self.size = len(body)
        await self.raw_send({"type": "http.response.body", "body": b"" if self.head else body, "more_body": False})

    async def refuse(self, error: DomainError) -> None:
        body = msgspec.json.encode(Refusal(message=error.message, code=error.code))
        fields = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.answer(error.status_code, fields, body)

    async def _head(self, status: int, headers: Raw) -> None:
        self.status = status
        present = {name for name, _ in headers}
        common = self._door.common(self._scope["path"], self.headers.get(b"origin"))
        headers = [*headers, (b"x-request-id", self.request_id.encode())]
        headers += [field for field in common if field[0] not in present or field[0] == b"vary"]
        standing = self._scope["state"].get("rate_limit")
        if standing is not None and b"ratelimit-limit" not in present:
            headers += [(name.lower().encode(), value.encode()) for name, value in standing.headers.items()]
        await self.raw_send({"type": "http.response.start", "status": status, "headers": headers})

    def finish(self) -> None:
        """Count and log it, once it is answered."""
        seconds = self.elapsed
        status = self.status or 500
        route = self.route or self._scope.get("path_template") or "unmatched"
        metrics.observe(self.method, route, status, seconds)
        path = self._scope["path"]
        if path.startswith(UNEVENTFUL):
            return
        user = self._scope.get("user")
        log.info(
            "request",
            method=self.method,
            path=path,
            status=status,
            ms=round(seconds * 1000, 2),
            bytes=self.size,
            request_id=self.request_id,
            **({"user": user.id} if user is not None and hasattr(user, "id") else {}),
            **({"cached": True} if self.cached else {}),
        )


class _UnknownHost(DomainError):
    status_code = 400
    code = "invalid_host"
    default_message = "The service does not answer to this host name."


def _length(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0
