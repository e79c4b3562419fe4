from enum import StrEnum

from marketplace.core.states import Machine


class GigStatus(StrEnum):
    """Only published gigs are shown and ordered. A pending one waits for staff, a rejected one for its seller to mend it."""

    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    PAUSED = "paused"
    ARCHIVED = "archived"
    REJECTED = "rejected"


class Tier(StrEnum):
    """The three packages a gig may have, in the order of what they hold."""

    BASIC = "basic"
    STANDARD = "standard"
    PREMIUM = "premium"


class RequirementKind(StrEnum):
    """What a buyer answers a question with: words, one of the choices, several of them, or files."""

    TEXT = "text"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    FILE = "file"


class GigMediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    PDF = "pdf"


class Approval(StrEnum):
    """Which gigs staff look at before others see them."""

    NONE = "none"
    FIRST = "first"
    CHANGES = "changes"


G = GigStatus
GIG: Machine[GigStatus] = Machine({
    G.DRAFT: frozenset({G.PENDING, G.PUBLISHED, G.ARCHIVED}),
    G.PENDING: frozenset({G.PUBLISHED, G.REJECTED, G.PAUSED, G.ARCHIVED}),
    G.PUBLISHED: frozenset({G.PENDING, G.PAUSED, G.REJECTED, G.ARCHIVED}),
    G.PAUSED: frozenset({G.PENDING, G.PUBLISHED, G.REJECTED, G.ARCHIVED}),
    G.ARCHIVED: frozenset({G.PENDING, G.PUBLISHED}),
    G.REJECTED: frozenset({G.PENDING, G.ARCHIVED}),
})  # fmt: skip
