from uuid import UUID

from msgspec import Struct


class GigPublished(Struct, tag="gig_published", frozen=True, kw_only=True):
    """A gig can be ordered from now on. `approved`: staff had looked at it first."""

    gig_id: UUID
    seller_id: UUID
    title: str
    approved: bool = False


class GigSubmitted(Struct, tag="gig_submitted", frozen=True, kw_only=True):
    """A gig waits for staff."""

    gig_id: UUID
    seller_id: UUID
    title: str


class GigRejected(Struct, tag="gig_rejected", frozen=True, kw_only=True):
    """Staff do not let a gig be shown, and said why."""

    gig_id: UUID
    seller_id: UUID
    title: str
    reason: str


class GigChanged(Struct, tag="gig_changed", frozen=True, kw_only=True):
    """What a gig says of itself is another: texts, packages, extras, media."""

    gig_id: UUID


class GigWithdrawn(Struct, tag="gig_withdrawn", frozen=True, kw_only=True):
    """A gig cannot be ordered any more: paused, archived, rejected, or its seller is suspended."""

    gig_id: UUID
    seller_id: UUID
