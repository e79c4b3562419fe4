"""The questions of an order of a gig, with what was answered."""

from typing import Final
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import Struct

from marketplace.core import db
from marketplace.engagements.errors import EngagementNotFound
from marketplace.engagements.files import BRIEF
from marketplace.engagements.schemas.requirements import RequirementOut
from marketplace.engagements.states import QuestionKind
from marketplace.media.queries import records_json
from marketplace.media.schemas import MediaRecord, media_out


class AskedQuestion(Struct, frozen=True, kw_only=True):
    id: UUID
    kind: QuestionKind
    question: str
    choices: list[str]


QUESTIONS: Final = """SELECT id, kind, question, choices::text AS choices FROM engagement_requirements
  WHERE engagement = $1{} ORDER BY position"""


async def read_questions(order_id: UUID) -> dict[UUID, AskedQuestion]:
    return {row["id"]: _asked(row) for row in await db.fetch(QUESTIONS.format(""), order_id)}


async def missing(order_id: UUID) -> list[AskedQuestion]:
    """Those that must be answered, and are not."""
    rows = await db.fetch(QUESTIONS.format(" AND is_required AND answered_at IS NULL"), order_id)
    return [_asked(row) for row in rows]


def _asked(row: Record) -> AskedQuestion:
    choices = msgspec.json.decode(row["choices"], type=list[str])
    return AskedQuestion(**{**row, "kind": QuestionKind(row["kind"]), "choices": choices})


SHOWN: Final = f"""SELECT q.id, q.position, q.kind, q.question, q.choices::text AS choices, q.is_required,
  nullif(q.answer, '') AS answer, q.chosen::text AS chosen, q.answered_at, {records_json(BRIEF, "q.id")}::text AS files
FROM orders o JOIN engagements e ON e.id = o.id LEFT JOIN engagement_requirements q ON q.engagement = e.id
WHERE o.id = $1 AND $2 IN (o.buyer, o.seller) ORDER BY q.position"""


async def list_requirements(order_id: UUID, viewer_id: UUID) -> list[RequirementOut]:
    """Of an order that the viewer buys or sells. Raises EngagementNotFound."""
    rows = await db.fetch(SHOWN, order_id, viewer_id)
    if not rows:
        raise EngagementNotFound
    return [_shown(row, viewer_id) for row in rows if row["id"] is not None]


def _shown(row: Record, viewer_id: UUID) -> RequirementOut:
    files = msgspec.json.decode(row["files"], type=list[MediaRecord])
    return RequirementOut(
        id=row["id"], position=row["position"], kind=QuestionKind(row["kind"]), question=row["question"],
        choices=msgspec.json.decode(row["choices"], type=list[str]), is_required=row["is_required"], answer=row["answer"],
        chosen=msgspec.json.decode(row["chosen"], type=list[str]), files=[media_out(one, viewer_id) for one in files],
        answered_at=row["answered_at"],
    )  # fmt: skip
