from uuid import UUID

from marketplace.media.schemas import MediaRecord


def can_see(media: MediaRecord, viewer_id: UUID) -> bool:
    """Through this package, the owner only; who else may see a private file is its domain's rule."""
    return media.owner == viewer_id
