"""Where the pictures of a person are."""

from uuid import UUID

from marketplace.accounts.schemas.profiles import Avatar
from marketplace.core import storage

PURPOSE = "avatar"
SIZES = {"small": 100, "medium": 300, "large": 500}


def key(file_id: UUID, size: int) -> str:
    return storage.new_key(PURPOSE, file_id, str(size), "webp", public=True)


def addresses(file_id: str | None) -> Avatar | None:
    """The addresses of the finished pictures of `profiles.avatar_key`; None without one."""
    if not file_id:
        return None
    return Avatar(**{name: storage.url(key(UUID(file_id), size)) for name, size in SIZES.items()})
