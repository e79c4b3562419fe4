"""Having one's identity verified."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta, Struct

from marketplace.accounts.states import DocumentSide, DocumentType, VerificationStatus
from marketplace.media.schemas import MediaOut


class IdentityForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """Pictures or PDFs of a document. Only a passport does without its back."""

    document_type: DocumentType
    front: UploadFile
    back: UploadFile | None = None
    selfie: UploadFile | None = None
    country: Annotated[str, Meta(max_length=80, description="Who issued it: an ISO 3166 code or a name.")] = ""


class Document(Struct, frozen=True, kw_only=True):
    """The addresses in `file` are for the asking person only and work for five minutes."""

    side: DocumentSide
    file: MediaOut


class Step(Struct, frozen=True, kw_only=True):
    status: VerificationStatus
    at: datetime
    reason: str


class IdentityStatus(Struct, frozen=True, kw_only=True):
    """How far the latest check is; `history` tells of all of them, the oldest first."""

    id: UUID | None
    status: Literal["not_submitted", "pending", "approved", "rejected"]
    document_type: DocumentType | None
    country_code: str | None
    reason: str
    submitted_at: datetime | None
    decided_at: datetime | None
    documents: list[Document]
    history: list[Step]


class Decision(Struct, kw_only=True, forbid_unknown_fields=True):
    """A rejection says why; an approval may."""

    approved: bool
    reason: Annotated[str, Meta(max_length=1000)] = ""
