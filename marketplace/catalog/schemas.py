from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class CategoryRef(Struct, frozen=True, kw_only=True):
    """A category where it is only named."""

    id: UUID
    name: str
    slug: str


class CategoryOut(Struct, frozen=True, kw_only=True):
    """A category with everything below it. Names are in the reader's language."""

    id: UUID
    name: str
    slug: str
    description: str
    image: Annotated[str | None, Meta(description="Address of its picture.")]
    parent: Annotated[UUID | None, Meta(description="Null for one at the top.")]
    item_count: Annotated[int, Meta(ge=0, description="What is on offer in it and below it; may lag by a minute.")]
    item_counts: Annotated[dict[str, int], Meta(description="The same by kind of thing.", examples=[{"auction": 3}])]
    children: list["CategoryOut"]


class CategoryDetail(CategoryOut, frozen=True, kw_only=True):
    ancestors: Annotated[list[CategoryRef], Meta(description="The way to it from the top, itself not included.")]


class TagOut(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    item_count: Annotated[int, Meta(ge=0, description="How many things carry it.")]
