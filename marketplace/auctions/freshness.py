"""Anonymous answers about auctions are cached for seconds; whatever changes one of them says so here."""

from typing import Final

from marketplace.core import cache

TAG: Final = "auctions"
SECONDS: Final = 3
CACHED: Final = (TAG, SECONDS)
"""For a route's `opt`."""


def auctions_changed() -> None:
    """Belongs inside the transaction; the cached answers are dropped once it has committed."""
    cache.drop_on_commit(TAG)
