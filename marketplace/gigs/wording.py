"""How gigs are named in addresses."""

from typing import Final

from marketplace.core import slugs

RESERVED: Final = frozenset({"facets", "media", "mine", "packages"})
"""Slugs that would hide behind a route."""
LENGTH: Final = 140
another = slugs.another


def slug_of(title: str) -> str:
    """A slug for a gig of this title, free or not."""
    return slugs.slug_of(title, "gig", RESERVED, LENGTH)
