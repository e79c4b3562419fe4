"""What belongs to a gig beside its packages: extras, questions and answers, and what is asked of the buyer."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.gigs.states import RequirementKind


class ExtraDraft(Struct, frozen=True, kw_only=True):
    """With an id, one there is; minor units of the gig's currency."""

    title: str
    price_minor: int
    id: UUID | None = None
    description: str = ""
    extra_days: int = 0


class FaqDraft(Struct, frozen=True, kw_only=True):
    question: str
    answer: str


class RequirementDraft(Struct, frozen=True, kw_only=True):
    question: str
    kind: RequirementKind = RequirementKind.TEXT
    choices: list[str] = []
    is_required: bool = True


async def have_extras(gig_id: UUID, wanted: Sequence[ExtraDraft], *, may_be_ordered: bool) -> None:
    """Offer exactly these, in this order. Those that may have been ordered are kept for their orders. Raises ValidationFailed.

    The gig is locked, or new.
    """
    rows = await db.fetch("SELECT id FROM gig_extras WHERE gig = $1 AND archived_at IS NULL", gig_id)
    there = {row["id"] for row in rows}
    named = [one.id for one in wanted if one.id is not None]
    for n, one in enumerate(wanted):
        if one.id is not None and (one.id not in there or named.count(one.id) > 1):
            raise ValidationFailed.of(f"extras[{n}].id", "Name extras of this gig, each once.")
    gone = list(there - set(named))
    if may_be_ordered:
        await db.execute("UPDATE gig_extras SET archived_at = $2 WHERE id = ANY($1::uuid[])", gone, clock.now())
    else:
        await db.execute("DELETE FROM gig_extras WHERE id = ANY($1::uuid[])", gone)
    await db.execute(
        "INSERT INTO gig_extras (id, gig, title, description, price_minor, extra_days, position, archived_at, created_at) "
        "SELECT t.id, $2, t.title, t.description, t.price, t.days, t.n, NULL, $7 "
        "FROM unnest($1::uuid[], $3::text[], $4::text[], $5::bigint[], $6::int[]) WITH ORDINALITY "
        "AS t(id, title, description, price, days, n) ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, "
        "description = EXCLUDED.description, price_minor = EXCLUDED.price_minor, extra_days = EXCLUDED.extra_days, "
        "position = EXCLUDED.position",
        [one.id or uuid7() for one in wanted], gig_id, [one.title for one in wanted], [one.description for one in wanted],
        [one.price_minor for one in wanted], [one.extra_days for one in wanted], clock.now(),
    )  # fmt: skip


async def have_faqs(gig_id: UUID, wanted: Sequence[FaqDraft]) -> None:
    """Have exactly these, in this order. The gig is locked, or new."""
    await db.execute("DELETE FROM gig_faqs WHERE gig = $1", gig_id)
    await db.execute(
        "INSERT INTO gig_faqs (id, gig, position, question, answer) SELECT t.id, $2, t.n, t.question, t.answer "
        "FROM unnest($1::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS t(id, question, answer, n)",
        [uuid7() for _ in wanted], gig_id, [one.question for one in wanted], [one.answer for one in wanted],
    )  # fmt: skip


async def have_requirements(gig_id: UUID, wanted: Sequence[RequirementDraft]) -> None:
    """Ask exactly these, in this order. Orders have taken over what was asked before. The gig is locked, or new."""
    await db.execute("DELETE FROM gig_requirements WHERE gig = $1", gig_id)
    await db.execute(
        "INSERT INTO gig_requirements (id, gig, position, kind, question, choices, is_required) "
        "SELECT t.id, $2, t.n, t.kind, t.question, t.choices::jsonb, t.required FROM unnest($1::uuid[], $3::text[], $4::text[], "
        "$5::text[], $6::bool[]) WITH ORDINALITY AS t(id, kind, question, choices, required, n)",
        [uuid7() for _ in wanted], gig_id, [one.kind.value for one in wanted], [one.question for one in wanted],
        [msgspec.json.encode(one.choices).decode() for one in wanted], [one.is_required for one in wanted],
    )  # fmt: skip
