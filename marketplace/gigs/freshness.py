"""Anonymous answers about gigs are cached for minutes; whatever changes one of them says so here."""

from typing import Final

from marketplace.core import cache

TAG: Final = "gigs"
SECONDS: Final = 900
CACHED: Final = (TAG, SECONDS)
"""For a route's `opt`."""


def gigs_changed() -> None:
    """Belongs inside the transaction; the cached answers are dropped once it has committed."""
    cache.drop_on_commit(TAG)
