"""The headers every answer carries, by the kind of place it comes from."""

from typing import Final, TypeAlias

from marketplace.core.config import settings

Raw: TypeAlias = list[tuple[bytes, bytes]]

API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob: https:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
DOCS_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ADMIN_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
DOCS: Final = ("/api/docs", "/api/redoc")
YEARS_2: Final = 63_072_000


def _set(policy: str, *, cache: str | None = None, page: bool = True) -> Raw:
    headers = {
        "content-security-policy": policy,
        "cross-origin-resource-policy": "same-site",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    if page:  # of no meaning for what is not a document
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["permissions-policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    if settings().env == "production":
        headers["strict-transport-security"] = f"max-age={YEARS_2}; includeSubDomains"
    if cache:
        headers["cache-control"] = cache
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeaders:
    """Made once; `of(path)` is a look at how the path begins."""

    def __init__(self) -> None:
        self.api = _set(API_POLICY, cache="no-store", page=False)
        self.page = _set(PAGE_POLICY)
        self.docs = _set(DOCS_POLICY)
        self.admin = _set(ADMIN_POLICY, cache="no-store")

    def of(self, path: str) -> Raw:
        if path.startswith(DOCS):
            return self.docs
        if path.startswith(("/api/", "/health", "/metrics")):
            return self.api
        if path.startswith("/admin"):
            return self.admin
        return self.page
