"""What files are for. Each domain declares its purposes where the composition root imports them."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct

from marketplace.core.config import settings

_purposes: dict[str, "Purpose"] = {}
_scopes: dict[str, "Sees"] = {}

PICTURES: Final = frozenset({"image"})
PICTURES_AND_PDF: Final = frozenset({"image", "pdf"})
SHOWCASE: Final = frozenset({"image", "video", "pdf"})
"""What a listing shows: pictures, MP4, QuickTime or WebM, and PDF."""
WORK: Final = frozenset({"image", "video", "pdf", "audio", "text", "office", "archive"})
"""What people hand over to each other. Nothing in it is ever run or unpacked here, and all of it is offered for saving only."""

Sees: TypeAlias = Callable[[UUID, UUID], Awaitable[bool]]
"""(subject, viewer): may this account see the files of this subject?"""


class Purpose(Struct, frozen=True):
    """How files for one use are treated.

    `sizes` are the sides in pixels of the boxes a picture is fitted into, and those up to 800 also of the picture that stands for
    a video or a PDF; `square` cuts its middle out. `accepts` is PICTURES, PICTURES_AND_PDF, SHOWCASE or WORK. What is not `public`
    is served by signed links only. `max_bytes` stands in for the general limit; the setting `file_limits` for both.

    `keeps_original`: a picture is also offered as it was sent, with everything in it; private files only. Without it nothing
    that was sent is passed on unchanged but private videos and papers.
    `ahead`: anybody signed in may upload such a file before what it belongs to is there, and name it later by its id.
    `most`: how many files one subject may have.
    `outlives_owner`: an attached file stays when the account of who uploaded it is erased, for others paid for it or decide by it.
    """

    name: str
    sizes: tuple[int, ...] = (200, 600, 1600)
    square: bool = False
    public: bool = True
    accepts: frozenset[str] = PICTURES
    max_bytes: int | None = None
    keeps_original: bool = False
    ahead: bool = False
    most: int | None = None
    outlives_owner: bool = False


def declare(purpose: Purpose) -> Purpose:
    """Make a purpose known; its name is stored with each file, so keep it. A name belongs to one declaration."""
    if purpose.public and purpose.keeps_original:
        raise ValueError(f"{purpose.name!r}: what is public is never passed on as it was sent")
    known = _purposes.setdefault(purpose.name, purpose)
    if known != purpose:
        raise ValueError(f"the purpose {purpose.name!r} is declared twice, differently")
    return purpose


def purpose_of(name: str) -> Purpose:
    return _purposes[name]


def uploaded_ahead() -> dict[str, Purpose]:
    """The purposes of files that are uploaded first and named later, by name."""
    return {name: one for name, one in sorted(_purposes.items()) if one.ahead}


def seen_by(purpose: Purpose) -> Callable[[Sees], Sees]:
    """Say who sees the files attached for `purpose`, beside who uploaded them. Without it, nobody else does.

        @purposes.seen_by(DELIVERY)
        async def parties(subject_id: UUID, viewer_id: UUID) -> bool:
            return await db.fetch_val("SELECT EXISTS (SELECT FROM deliveries ... WHERE d.id = $1 AND $2 IN (o.buyer, o.seller))", ...)

    Asked for one file at a time; who lists the files of what the viewer already sees makes links without asking again.
    """

    def register(scope: Sees) -> Sees:
        if purpose.name in _scopes:
            raise ValueError(f"who sees {purpose.name!r} is said twice")
        _scopes[purpose.name] = scope
        return scope

    return register


def scope_of(name: str) -> Sees | None:
    return _scopes.get(name)


def byte_limit(purpose: Purpose) -> int:
    """The largest file taken in for a purpose, in bytes."""
    said = _said_limits(settings().file_limits)
    return said.get(purpose.name) or purpose.max_bytes or settings().max_file_bytes


def _said_limits(text: str) -> dict[str, int]:
    """`delivery=200,avatar=2`, in MB."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): round(float(size) * 1024 * 1024) for name, _, size in pairs}
