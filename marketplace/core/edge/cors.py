"""Which web pages of other hosts may call the API. Tokens travel in a header, never in a cookie, so credentials are off."""

from typing import Final

from marketplace.core.config import settings
from marketplace.core.edge.headers import Raw

METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED: Final = (
    b"authorization, content-type, idempotency-key, if-none-match, x-request-id, accept-language, x-cart-token"
)
EXPOSED: Final = b"etag, idempotent-replayed, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-cart-token, x-request-id"


class Cors:
    def __init__(self) -> None:
        self._origins = {part.strip().encode() for part in settings().allowed_origins.split(",") if part.strip()}

    def headers(self, origin: bytes) -> Raw:
        """What an answer to this origin's page carries; nothing when it is none of the allowed ones."""
        if b"*" not in self._origins and origin not in self._origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED),
            (b"vary", b"origin"),
        ]

    def preflight(self, origin: bytes) -> Raw:
        """The answer to a browser that asks before it sends."""
        if not self.headers(origin):
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", ALLOWED),
            (b"access-control-max-age", b"600"),
            (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
        ]
