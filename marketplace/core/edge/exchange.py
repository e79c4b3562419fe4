"""One request and its answer on the way through the door: its id, its headers, its size, its line in the log."""

import asyncio
import re
import secrets
from itertools import count
from time import perf_counter
from typing import Any, Final

import msgspec
from litestar.types import Message, Send

from marketplace.core import clock, logs
from marketplace.core.edge import compress, metrics, watching
from marketplace.core.edge.cors import Cors
from marketplace.core.edge.headers import Raw, SecurityHeaders
from marketplace.core.envelope import Refusal
from marketplace.core.errors import DomainError

SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{8,128}\Z")
UNEVENTFUL: Final = ("/health", "/metrics")
"""Asked for every few seconds by machines: not worth a line each."""

_process = secrets.token_hex(8)
_numbers = count(1)


def _new_id() -> str:
    """Unique: the process's random half, then a count."""
    return f"{_process}{next(_numbers):016x}"


class Exchange:
    """One request and its answer, as the door sees them."""

    __slots__ = (
        "_cors", "_path", "_scope", "_security", "_start", "_started", "cached", "head", "headers", "method", "raw_send", "request_id",
        "route", "size", "status",
    )  # fmt: skip

    def __init__(
        self, security: SecurityHeaders, cors: Cors, scope: Any, headers: dict[bytes, bytes], send: Send
    ) -> None:
        self._security, self._cors = security, cors
        self._scope = scope
        self._path: str = scope["path"]  # as it was asked for: a mount takes its own part away
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
        self.request_id = given.decode() if given is not None and SANE_ID.match(given) else _new_id()
        scope["state"]["request_id"] = self.request_id

    @property
    def elapsed(self) -> float:
        return perf_counter() - self._started

    def as_get(self) -> Any:
        """A HEAD is answered as a GET without its body. The scope to go on with: the server's own must say HEAD, or it misses the body."""
        self.head = True
        self._scope = {**self._scope, "method": "GET"}
        return self._scope

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
        await self._body(body)

    async def answer_made(self, status: int, headers: Raw, body: bytes) -> None:
        """One whose headers are complete, but for what is this request's own."""
        self.status = status
        headers = [*headers, (b"x-request-id", self.request_id.encode())]
        origin = self.headers.get(b"origin")
        if origin is not None:
            headers += self._cors.headers(origin)
        await self.raw_send({"type": "http.response.start", "status": status, "headers": headers})
        await self._body(body)

    async def _body(self, body: bytes) -> None:
        self.size = len(body)
        await self.raw_send({"type": "http.response.body", "body": b"" if self.head else body, "more_body": False})

    async def refuse(self, error: DomainError) -> None:
        body = msgspec.json.encode(Refusal(message=error.message, code=error.code))
        fields = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.answer(error.status_code, fields, body)

    async def _head(self, status: int, headers: Raw) -> None:
        self.status = status
        present = {name for name, _ in headers}
        headers = [*headers, (b"x-request-id", self.request_id.encode())]
        headers += [field for field in self._security.of(self._path) if field[0] not in present]
        origin = self.headers.get(b"origin")
        if origin is not None and b"access-control-allow-origin" not in present:
            headers += self._cors.headers(origin)
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
        if self.method == "GET":
            watching.tell(route, self._scope, status)
        path = self._path
        if path.startswith(UNEVENTFUL):
            return
        logs.request(
            logs.RequestLine(
                at=clock.now(),
                method=self.method,
                path=path,
                status=status,
                ms=round(seconds * 1000, 2),
                bytes=self.size,
                request_id=self.request_id,
                user=getattr(self._scope.get("user"), "id", None),
                cached=self.cached,
            )
        )
