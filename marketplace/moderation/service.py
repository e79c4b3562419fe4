"""Opening cases and deciding them."""

from typing import Any
from uuid import UUID

import msgspec

from marketplace.core import audit, clock, db
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.moderation.states import CASE, CaseKind, CaseStatus


class CaseNotFound(NotFound):
    code = "case_not_found"
    default_message = "There is no such case."


async def open_case(
    kind: CaseKind, user: UUID, *, other: UUID | None = None, about: tuple[str, UUID] | None = None, **details: Any
) -> None:
    """Put something before the moderators; while such a case is undecided, it only counts up."""
    object_type, object_id = about or ("", None)
    await db.execute(
        "INSERT INTO moderation_cases (id, kind, status, \"user\", other_user, object_type, object_id, details, times, "
        "created_at, updated_at, decision) VALUES ($1, $2, 'open', $3, $4, $5, $6, $7::jsonb, 1, $8, $8, '') "
        'ON CONFLICT (kind, "user", other_user, object_id) WHERE status IN (\'open\', \'reviewing\') '
        "DO UPDATE SET times = moderation_cases.times + 1, details = EXCLUDED.details, updated_at = EXCLUDED.updated_at",
        uuid7(), kind.value, user, other, object_type, object_id, msgspec.json.encode(details).decode(), clock.now(),
    )  # fmt: skip


async def decide(case_id: UUID, staff_id: UUID, status: CaseStatus, decision: str = "") -> None:
    """Move a case. Upholding or dismissing needs a word of why. Raises CaseNotFound, IllegalTransition, ValidationFailed."""
    if status in (CaseStatus.UPHELD, CaseStatus.DISMISSED) and not decision.strip():
        raise ValidationFailed.of("decision", "Say why.")
    async with db.transaction():
        row = await db.fetch_row("SELECT status FROM moderation_cases WHERE id = $1 FOR UPDATE", case_id)
        if row is None:
            raise CaseNotFound
        CASE.check(CaseStatus(row["status"]), status)
        await db.execute(
            "UPDATE moderation_cases SET status = $2, decided_by = $3, decision = $4, updated_at = $5 WHERE id = $1",
            case_id, status.value, staff_id, decision, clock.now(),
        )  # fmt: skip
        await audit.record(
            actor=staff_id, action=f"moderation_case.{status.value}", object_type="moderation_case",
            object_id=case_id, reason=decision, before={"status": row["status"]}, after={"status": status.value},
        )  # fmt: skip
