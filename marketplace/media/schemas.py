import mimetypes
from datetime import datetime
from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core import storage
from marketplace.media.states import MediaKind, MediaState


class Rendition(Struct, frozen=True, kw_only=True):
    """One stored size of a file."""

    name: str
    key: str
    bytes: int
    width: int | None = None
    height: int | None = None


class MediaRecord(Struct, frozen=True, kw_only=True):
    """A row of `media`, as the services read it."""

    id: UUID
    owner: UUID
    kind: MediaKind
    purpose: str
    public: bool
    state: MediaState
    filename: str
    byte_size: int
    sha256: str
    reason: str
    created_at: datetime
    renditions: list[Rendition]
    received_type: str = ""
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    loose: bool = False
    subject: UUID | None = None
    position: int = 0


class MediaSize(Struct, frozen=True, kw_only=True):
    url: str
    width: int | None
    height: int | None


class MediaOut(Struct, frozen=True, kw_only=True):
    """An uploaded file. `url` is the file itself, of a picture its largest size; it and `sizes` are there once `state` is `ready`.

    The addresses of private files are for the asking user only and work for five minutes.
    """

    id: UUID
    kind: MediaKind
    state: MediaState
    url: Annotated[str | None, Meta(description="Null until ready.")]
    sizes: Annotated[
        dict[str, MediaSize],
        Meta(description="By the side of the box each fits into, in pixels; and the file itself by what it is."),
    ]
    filename: str
    reason: Annotated[str, Meta(description="Why it was refused; empty otherwise.")]
    thumbnail: Annotated[str | None, Meta(description="The smallest picture of it, if there is any.")] = None
    content_type: Annotated[str, Meta(description="What was sent, judged by its content.")] = ""
    byte_size: Annotated[int, Meta(description="Of what was sent.")] = 0
    duration_ms: Annotated[int | None, Meta(description="Of video and sound.")] = None
    pages: Annotated[int | None, Meta(description="Of a PDF that can be read without a password.")] = None


def media_out(media: MediaRecord, viewer_id: UUID | None = None) -> MediaOut:
    """For an answer. A private file needs the viewer its links are made for; whether they may see it is decided before."""
    sizes: dict[str, MediaSize] = {}
    if media.state is MediaState.READY:
        for one in media.renditions:
            address = storage.url(one.key, viewer_id=viewer_id, filename="" if media.public else _saved_as(media, one))
            sizes[one.name] = MediaSize(url=address, width=one.width, height=one.height)
    smallest = next(iter(sizes.items()), None)
    return MediaOut(
        id=media.id,
        kind=media.kind,
        state=media.state,
        url=next(reversed(sizes.values())).url if sizes else None,
        sizes=sizes,
        filename=media.filename,
        reason=media.reason,
        thumbnail=smallest[1].url if smallest and smallest[0].isdigit() else None,
        content_type=media.received_type,
        byte_size=media.byte_size,
        duration_ms=media.duration_ms,
        pages=media.pages,
    )


def _saved_as(media: MediaRecord, one: Rendition) -> str:
    """The sender's name for it, with an ending that is true: a film stays a film for who saves it. Text may be any language's."""
    name, ending = PurePath(media.filename), f".{one.key.rpartition('.')[2]}"
    if not media.filename or ending == ".txt":
        return media.filename
    if one.name.isdigit():
        return name.stem + ending
    true = {ending, *mimetypes.guess_all_extensions(media.received_type)}
    return media.filename if name.suffix.lower() in true else media.filename + ending
