"""How products are named in addresses."""

from typing import Final

from marketplace.core import slugs

RESERVED: Final = frozenset({"categories", "export", "facets", "featured", "import", "mine", "wishlist"})
"""Slugs that would hide behind a route."""
another = slugs.another


def slug_of(name: str) -> str:
    """A slug for a product of this name, free or not."""
    return slugs.slug_of(name, "product", RESERVED)
