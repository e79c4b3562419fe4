"""Identity verification: a person submits private documents, staff decide, every move leaves a history row."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.accounts import countries, pictures
from marketplace.accounts.errors import DocumentsNotReady, OwnAccount, VerificationOpen
from marketplace.accounts.events import IdentityDecided, IdentitySubmitted
from marketplace.accounts.policies import can_vouch
from marketplace.accounts.queries import identity_checks as queries
from marketplace.accounts.queries.locks import lock_users
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.states import VERIFICATION, AccountStatus, DocumentSide, DocumentType, VerificationStatus
from marketplace.core import audit, clock, db, outbox, text, timers
from marketplace.core.errors import Forbidden, NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads
from marketplace.media.states import MediaState

Papers = Sequence[tuple[DocumentSide, uploads.Incoming]]

LEFT_OVER: Final = "accounts.left_over_document"
LEFT_OVER_AFTER: Final = timedelta(hours=1)
DOCUMENTS_EXPIRE: Final = "accounts.identity_documents_expire"
DOCUMENTS_KEPT: Final = timedelta(days=30)
"""After the decision; the decision itself stays."""


async def submit_documents(user_id: UUID, document_type: DocumentType, country: str, papers: Papers) -> None:
    """Ask to be verified. Raises VerificationOpen, ValidationFailed, or what `uploads.accept` raises; then nothing is kept."""
    code = countries.country_code(country) if country else ""
    if document_type is not DocumentType.PASSPORT and DocumentSide.BACK not in [side for side, _ in papers]:
        raise ValidationFailed.of("back", "This document has a back; send it too.")
    if await queries.has_open_check(user_id):
        raise VerificationOpen
    taken: list[tuple[DocumentSide, UUID]] = []
    try:
        for side, file in papers:
            media = await uploads.accept(
                file, pictures.IDENTITY, owner_id=user_id, field=side, attach=_unless_left_over
            )
            taken.append((side, media.id))
        await _open_check(user_id, document_type, code, taken)
    except BaseException:
        for _, media_id in taken:
            await uploads.remove(media_id)
        raise


async def _unless_left_over(media: MediaRecord) -> None:
    """Should we die before the check is open, the timer takes the document away."""
    await timers.schedule(LEFT_OVER, media.id, clock.now() + LEFT_OVER_AFTER)


async def _open_check(
    user_id: UUID, document_type: DocumentType, country_code: str, taken: Sequence[tuple[DocumentSide, UUID]]
) -> None:
    check_id = uuid7()
    async with db.transaction():
        await lock_owner(user_id)
        opened = await db.execute(
            'INSERT INTO identity_checks (id, "user", document_type, country_code) VALUES ($1, $2, $3, $4) '
            "ON CONFLICT (\"user\") WHERE status IN ('pending', 'approved') DO NOTHING",
            check_id, user_id, document_type, country_code,
        )  # fmt: skip
        if not opened:
            raise VerificationOpen
        for side, media_id in taken:
            await db.execute(
                "INSERT INTO identity_documents (id, check_id, side, media) VALUES ($1, $2, $3, $4)",
                uuid7(), check_id, side, media_id,
            )  # fmt: skip
            await timers.cancel(LEFT_OVER, media_id)
        await _note(check_id, VerificationStatus.PENDING, actor_id=user_id, reason="")
        await outbox.emit(IdentitySubmitted(user_id, check_id))


async def decide(actor_id: UUID | None, user_id: UUID, *, approved: bool, reason: str = "") -> None:
    """Approve or reject a person's open check; an approval may be taken back. `actor_id` None is the service itself.

    Raises NotFound, Forbidden, OwnAccount, ValidationFailed (a rejection without a reason), DocumentsNotReady or IllegalTransition.
    """
    reason = text.prose(reason, "reason", required=not approved)
    if actor_id == user_id:
        raise OwnAccount
    target = VerificationStatus.APPROVED if approved else VerificationStatus.REJECTED
    async with db.transaction():
        if actor_id is not None:
            await _check_may_vouch(actor_id, user_id)
        check = await queries.lock_open_check(user_id)
        VERIFICATION.check(check.status, target)
        if approved and any(state != MediaState.READY for _, state in await queries.documents_of(check.id)):
            raise DocumentsNotReady
        await db.execute(
            "UPDATE identity_checks SET status = $2, reason = $3, decided_at = now(), decided_by = $4 WHERE id = $1",
            check.id, target, reason, actor_id,
        )  # fmt: skip
        await _note(check.id, target, actor_id=actor_id, reason=reason)
        await timers.schedule(DOCUMENTS_EXPIRE, check.id, clock.now() + DOCUMENTS_KEPT)
        await outbox.emit(IdentityDecided(user_id, check.id, approved, reason))
        await audit.record(
            actor=actor_id, action=f"identity.{target}", object_type="user", object_id=user_id, reason=reason,
            before={"status": check.status}, after={"status": target},
        )  # fmt: skip


async def _check_may_vouch(actor_id: UUID, user_id: UUID) -> None:
    """Raises NotFound, or Forbidden for who is no staff by now, or stands below the account."""
    locked = await lock_users({actor_id, user_id})
    actor, user = locked.get(actor_id), locked.get(user_id)
    if user is None:
        raise NotFound
    if actor is None or actor.status is not AccountStatus.ACTIVE or not can_vouch(actor.role, user.role):
        raise Forbidden


async def _note(check_id: UUID, status: VerificationStatus, *, actor_id: UUID | None, reason: str) -> None:
    await db.execute(
        "INSERT INTO identity_check_moves (id, check_id, status, actor, reason) VALUES ($1, $2, $3, $4, $5)",
        uuid7(), check_id, status, actor_id, reason,
    )  # fmt: skip


async def note_viewing(actor_id: UUID, user_id: UUID) -> None:
    """That staff looked at a person's documents stands in the audit log."""
    async with db.transaction():
        await audit.record(actor=actor_id, action="identity.viewed", object_type="user", object_id=user_id)


async def reject_unreadable(media_id: UUID, reason: str) -> None:
    """A document turned out to be damaged or infected: its check is over, and the person may submit another."""
    user_id = await queries.open_check_of_document(media_id)
    if user_id is not None:
        await decide(None, user_id, approved=False, reason=f"A file could not be used ({reason}). Submit it again.")


@timers.timer(LEFT_OVER)
async def _left_over(key: str, _: timers.Payload) -> None:
    await uploads.remove(UUID(key))


@timers.timer(DOCUMENTS_EXPIRE)
async def _documents_expire(key: str, _: timers.Payload) -> None:
    for media_id, _state in await queries.documents_of(UUID(key)):
        await uploads.remove(media_id)
