from uuid import UUID

from msgspec import Struct


class MediaAccepted(Struct, tag="media_accepted", frozen=True, kw_only=True):
    """A file was taken in and waits to be worked on."""

    media_id: UUID


class MediaReady(Struct, tag="media_ready", frozen=True, kw_only=True):
    """A file can be served. Listen for your own `purpose` only; `subject_id` is what it is attached to by then, if anything."""

    media_id: UUID
    owner_id: UUID
    purpose: str
    subject_id: UUID | None = None


class MediaRefused(Struct, tag="media_refused", frozen=True, kw_only=True):
    """A file turned out to be damaged, infected or lost; `reason` is a code."""

    media_id: UUID
    owner_id: UUID
    purpose: str
    subject_id: UUID | None = None
    reason: str


class MediaRemoved(Struct, tag="media_removed", frozen=True, kw_only=True):
    """A file was taken away; its bytes go with a job."""

    media_id: UUID
