"""Anonymous answers about products are cached for minutes; whatever changes one of them says so here."""

import asyncio
from time import monotonic
from typing import Final

from marketplace.core import cache, db

TAG: Final = "products"
SECONDS: Final = 300
CACHED: Final = (TAG, SECONDS)
"""For a route's `opt`."""
STOCK_LAG: Final = 1.0
"""Seconds that a quantity may be behind. In a busy hour every second sells something: each sale on its own would leave no cache."""

_dropped_at = 0.0
_due = 0.0


def products_changed() -> None:
    """Belongs inside the transaction; the cached answers are dropped once it has committed."""
    cache.drop_on_commit(TAG)


def stock_moved() -> None:
    """The same for quantities: at once where nothing moved of late, else within STOCK_LAG, for all that move meanwhile."""
    db.on_commit(_drop_soon)


async def _drop_soon() -> None:
    global _due
    now = monotonic()
    if _due > now:
        return  # planned already
    wait = _dropped_at + STOCK_LAG - now
    if wait <= 0:
        _drop()
    else:
        _due = now + wait
        asyncio.get_running_loop().call_later(wait, _drop)


def _drop() -> None:
    global _dropped_at, _due
    _dropped_at, _due = monotonic(), 0.0
    cache.drop(TAG)
