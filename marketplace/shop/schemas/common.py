"""Pieces that several answers share."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.media.schemas import MediaSize
from marketplace.media.states import MediaState


class Person(Struct, frozen=True, kw_only=True):
    id: UUID
    username: str


class CategoryRef(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str


class ImageOut(Struct, frozen=True, kw_only=True):
    """A picture. Its addresses are there once it is `ready`; `image` is the largest, `thumbnail` fits into 600 pixels."""

    id: UUID
    image: str | None
    alt_text: str
    is_primary: bool
    order: int
    state: MediaState
    thumbnail: str | None
    sizes: Annotated[dict[str, MediaSize], Meta(description="By the side of the box each fits into, in pixels.")]
