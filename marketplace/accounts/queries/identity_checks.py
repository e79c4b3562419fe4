from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.accounts.schemas.identity_checks import Document, IdentityStatus, Step
from marketplace.accounts.states import DocumentSide, DocumentType, VerificationStatus
from marketplace.core import db
from marketplace.core.errors import NotFound
from marketplace.media.queries import record_json
from marketplace.media.schemas import MediaRecord, media_out

_DOCUMENTS: Final = f"""
(SELECT coalesce(json_agg(json_build_object('side', d.side, 'media', {record_json("m")}) ORDER BY d.id), '[]')
 FROM identity_documents d JOIN media m ON m.id = d.media WHERE d.check_id = c.id AND m.state <> 'removed')::text
"""
_HISTORY: Final = """
(SELECT coalesce(json_agg(json_build_object('status', h.status, 'at', h.at, 'reason', h.reason) ORDER BY h.id), '[]')
 FROM identity_check_moves h JOIN identity_checks k ON k.id = h.check_id WHERE k."user" = u.id)::text
"""


class _Paper(Struct):
    side: DocumentSide
    media: MediaRecord


class LockedCheck(Struct, frozen=True, kw_only=True):
    id: UUID
    user: UUID
    status: VerificationStatus


async def get_identity_status(user_id: UUID, *, viewer_id: UUID) -> IdentityStatus:
    """How far a person's verification is, with links made for the viewer. Whether they may see it is decided before."""
    row = await db.fetch_row(
        "SELECT c.id, coalesce(c.status, 'not_submitted') AS status, c.document_type, nullif(c.country_code, '') AS country_code, "
        f"coalesce(c.reason, '') AS reason, c.submitted_at, c.decided_at, {_DOCUMENTS} AS documents, {_HISTORY} AS history "
        'FROM users u LEFT JOIN LATERAL (SELECT * FROM identity_checks k WHERE k."user" = u.id ORDER BY k.id DESC LIMIT 1) c '
        "ON true WHERE u.id = $1 AND u.status <> 'erased'",
        user_id,
    )
    if row is None:
        raise NotFound
    papers = msgspec.json.decode(row["documents"], type=list[_Paper])
    return IdentityStatus(
        id=row["id"],
        status=row["status"],
        document_type=DocumentType(row["document_type"]) if row["document_type"] else None,
        country_code=row["country_code"],
        reason=row["reason"],
        submitted_at=row["submitted_at"],
        decided_at=row["decided_at"],
        documents=[Document(side=paper.side, file=media_out(paper.media, viewer_id)) for paper in papers],
        history=msgspec.json.decode(row["history"], type=list[Step]),
    )


async def has_open_check(user_id: UUID) -> bool:
    return bool(
        await db.fetch_val(
            "SELECT EXISTS (SELECT FROM identity_checks WHERE \"user\" = $1 AND status IN ('pending', 'approved'))",
            user_id,
        )
    )


async def lock_open_check(user_id: UUID) -> LockedCheck:
    """The person's pending or approved check, locked. Raises NotFound."""
    row = await db.fetch_row(
        "SELECT id, \"user\", status FROM identity_checks WHERE \"user\" = $1 AND status IN ('pending', 'approved') FOR UPDATE",
        user_id,
    )
    if row is None:
        raise NotFound("There is nothing to decide: no check is open.")
    return LockedCheck(id=row["id"], user=row["user"], status=VerificationStatus(row["status"]))


async def open_check_of_document(media_id: UUID) -> UUID | None:
    """Whose pending check this document belongs to."""
    user_id: UUID | None = await db.fetch_val(
        'SELECT c."user" FROM identity_documents d JOIN identity_checks c ON c.id = d.check_id '
        "WHERE d.media = $1 AND c.status = 'pending'",
        media_id,
    )
    return user_id


async def documents_of(check_id: UUID) -> list[tuple[UUID, str]]:
    """(media id, state) of each document of a check."""
    rows = await db.fetch(
        "SELECT m.id, m.state FROM identity_documents d JOIN media m ON m.id = d.media WHERE d.check_id = $1 ORDER BY d.id",
        check_id,
    )
    return [(row["id"], row["state"]) for row in rows]
