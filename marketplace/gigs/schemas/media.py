from typing import Annotated
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.gigs.states import GigMediaKind
from marketplace.media.schemas import MediaSize
from marketplace.media.states import MediaState

Caption = Annotated[str, Meta(max_length=120, description="What it shows.")]


class GigMediaForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """One picture, video or PDF."""

    file: UploadFile
    title: Caption = ""
    is_cover: Annotated[bool, Meta(description="Lists show this one; without any, the first picture or video.")] = False


class UpdateGigMedia(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    title: Caption | UnsetType = UNSET
    is_cover: bool | UnsetType = UNSET


class GigMediaOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ids of everything a gig shows, the first one first."""

    order: Annotated[list[UUID], Meta(min_length=1, max_length=50)]


class GigMediaOut(Struct, frozen=True, kw_only=True):
    """Its addresses are there once it is `ready`; `thumbnail` of a video or a PDF is a picture of it."""

    id: UUID
    kind: GigMediaKind
    title: str
    position: int
    is_cover: bool
    state: MediaState
    reason: Annotated[str, Meta(description="Why it was refused; empty otherwise.")]
    url: str | None
    thumbnail: str | None
    sizes: Annotated[dict[str, MediaSize], Meta(description="By the side of the box each fits into, in pixels.")]
    duration_ms: Annotated[int, Meta(description="Of a video.")] | None
    pages: Annotated[int, Meta(description="Of a PDF.")] | None
