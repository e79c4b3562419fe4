"""What files are for. Each domain declares its purposes where the composition root imports them."""

from typing import Final

from msgspec import Struct

_purposes: dict[str, "Purpose"] = {}

PICTURES: Final = frozenset({"image"})
PICTURES_AND_PDF: Final = frozenset({"image", "pdf"})


class Purpose(Struct, frozen=True):
    """How files for one use are treated.

    `sizes` are the sides in pixels of the boxes a picture is fitted into; `square` cuts its middle out. `accepts` is
    PICTURES or PICTURES_AND_PDF. What is not `public` is served by signed links only. `max_bytes` lowers the general limit.
    """

    name: str
    sizes: tuple[int, ...] = (200, 600, 1600)
    square: bool = False
    public: bool = True
    accepts: frozenset[str] = PICTURES
    max_bytes: int | None = None


def declare(purpose: Purpose) -> Purpose:
    """Make a purpose known; its name is stored with each file, so keep it. A name belongs to one declaration."""
    known = _purposes.setdefault(purpose.name, purpose)
    if known != purpose:
        raise ValueError(f"the purpose {purpose.name!r} is declared twice, differently")
    return purpose


def purpose_of(name: str) -> Purpose:
    return _purposes[name]
