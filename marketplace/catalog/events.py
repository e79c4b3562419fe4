from uuid import UUID

from msgspec import Struct


class CategoryChanged(Struct, tag="category_changed", frozen=True, kw_only=True):
    """A category was made, renamed, moved, hidden or shown again."""

    category_id: UUID
