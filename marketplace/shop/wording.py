"""How products are named in addresses, and how their words are found.

Postgres cuts the text of a product by its function `product_words`, the search is cut here; both must do the same: punctuation
separates words, and each character of a script without spaces is a word of its own, so that any part of a Chinese name finds it.
"""

import re
import secrets
import unicodedata
from typing import Final

SLUG_LENGTH: Final = 200
RESERVED: Final = frozenset({"categories", "export", "facets", "featured", "import", "mine", "wishlist"})
"""Slugs that would hide behind a route."""
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"

_PUNCTUATION: Final = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]+"
)
_UNSPACED: Final = "[\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"


def slug_of(name: str) -> str:
    """Small letters, digits and hyphens: `MacBook Pro 16"` is macbook-pro-16. Never empty, never a word of the routes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:SLUG_LENGTH].strip("-")
    if not slug:
        return f"product-{_some(8)}"
    return another(slug) if slug in RESERVED or _is_uuid(slug) else slug


def another(slug: str) -> str:
    """The same with an ending, where the slug itself is taken."""
    return f"{slug}-{_some(5)}"


def _some(many: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(many))


def _is_uuid(slug: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", slug) is not None


def tsquery(search: str) -> str:
    """The text of a `tsquery` that finds every word, its beginning at least; empty where nothing is left to look for."""
    found = []
    for word in search.split():
        clean = re.sub(_PUNCTUATION, " ", unicodedata.normalize("NFC", word))
        pieces = re.sub(f"({_UNSPACED})", r" \1 ", clean).split()
        if pieces:
            quoted = [f"'{piece}'" for piece in pieces]
            if not re.fullmatch(_UNSPACED, pieces[-1]):
                quoted[-1] += ":*"
            found.append("(" + " <-> ".join(quoted) + ")")
    return " & ".join(found)
