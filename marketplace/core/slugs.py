"""How things are named in addresses."""

import re
import secrets
import unicodedata
from collections.abc import Collection
from typing import Final

SLUG_LENGTH: Final = 200
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def slug_of(name: str, kind: str, reserved: Collection[str], length: int = SLUG_LENGTH) -> str:
    """Small letters, digits and hyphens: `MacBook Pro 16"` is macbook-pro-16. Never empty, never one of `reserved`, never an id.

    A name without any is `kind` with an ending.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:length].strip("-")
    if not slug:
        return f"{kind}-{_some(8)}"
    return another(slug) if slug in reserved or _is_uuid(slug) else slug


def another(slug: str) -> str:
    """The same with an ending, where the slug itself is taken."""
    return f"{slug}-{_some(5)}"


def _some(many: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(many))


def _is_uuid(slug: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", slug) is not None
