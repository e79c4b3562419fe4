from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class NewFavorite(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to keep. `content_type` and `object_id` are other names for `target_type` and `target_id`."""

    target_type: Annotated[str, Meta(max_length=30, examples=["auction", "user"])] | None = None
    target_id: UUID | None = None
    content_type: Annotated[str, Meta(max_length=30)] | None = None
    object_id: UUID | None = None


class Card(Struct, frozen=True, kw_only=True):
    """Enough of a thing to show it in a list. `path` is where the API has the whole of it."""

    title: str
    path: str


class Favorite(Struct, frozen=True, kw_only=True):
    """`target` is null when the thing has gone since."""

    id: UUID
    target_type: str
    target_id: UUID
    target: Card | None
    created_at: datetime
