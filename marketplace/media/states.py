from enum import StrEnum

from marketplace.core.states import Machine


class MediaKind(StrEnum):
    """What a file is to people. PDF, office papers and plain text are documents."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    ARCHIVE = "archive"


class MediaState(StrEnum):
    """RECEIVING: bytes are on their way. PENDING: stored aside, being worked on. READY: served. The rest is over."""

    RECEIVING = "receiving"
    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    REMOVED = "removed"


S = MediaState
MEDIA: Machine[MediaState] = Machine({
    S.RECEIVING: frozenset({S.PENDING, S.REMOVED}),
    S.PENDING: frozenset({S.READY, S.REFUSED, S.REMOVED}),
    S.READY: frozenset({S.REMOVED}),
    S.REFUSED: frozenset({S.REMOVED}),
    S.REMOVED: frozenset(),
})  # fmt: skip
