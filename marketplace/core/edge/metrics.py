"""What Prometheus reads at /metrics: requests, open sockets, and what the process itself tells.

Several processes that share a port count together in PROMETHEUS_MULTIPROC_DIR, which the launcher sets for them.
"""

import hmac
import os
from functools import lru_cache
from typing import Any, Final

from litestar import Request, Response, get
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from marketplace.core.config import settings
from marketplace.core.errors import NotFound, NotSignedIn

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS: Final = Histogram(
    "marketplace_request_seconds", "Time to answer a request.", ["method", "route", "status"], buckets=BUCKETS
)
SOCKETS: Final = Gauge("marketplace_open_sockets", "WebSockets open now.", ["route"], multiprocess_mode="livesum")


@lru_cache(maxsize=4096)
def _timer(method: str, route: str, status: int) -> Any:
    return REQUESTS.labels(method, route, str(status))


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the path's template, never the path: a label's values must be few."""
    _timer(method, route, status).observe(seconds)


@get("/metrics", include_in_schema=False, opt={"public": True, "exclude_from_auth": True}, sync_to_thread=False)
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """In production only with the token of the setting, as `Authorization: Bearer ...`; without a setting it is not there."""
    token = settings().metrics_token
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    elif settings().env == "production":
        raise NotFound
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
