"""Who wants to know that something was looked at: also when the answer came from the cache, before any handler ran.

    watching.watch("/api/v1/gigs/{gig}", note_view)

What is told must cost nothing: it is called once an answer, between two requests.
"""

from collections.abc import Callable
from typing import Any, Final

_watchers: Final[dict[str, Callable[[Any], None]]] = {}
NOT_TOLD: Final = "is_not_watched"
"""A handler sets this in the scope's state, where the answer does not count: its owner looked."""


def watch(route: str, told: Callable[[Any], None]) -> None:
    """Have every GET of this route (its template) that was answered with 200 or 304 told, with the request's scope."""
    _watchers[route] = told


def tell(route: str, scope: Any, status: int) -> None:
    told = _watchers.get(route)
    if told is not None and status in (200, 304) and NOT_TOLD not in scope["state"]:
        told(scope)
