from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.engagements.states import QuestionKind
from marketplace.media.schemas import MediaOut


class AnswerRequirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text for a text, choices for a choice, files for files (uploaded ahead for `brief`); text may stand beside choices and files.

    Nothing at all takes an answer back.
    """

    requirement_id: UUID
    text: Annotated[str, Meta(max_length=10_000)] = ""
    choices: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=20)] = []
    file_ids: Annotated[list[UUID], Meta(max_length=10)] = []


class AnswerRequirements(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    answers: Annotated[list[AnswerRequirement], Meta(min_length=1, max_length=50)]


class RequirementOut(Struct, frozen=True, kw_only=True):
    """A question as it was asked when the order was placed. The links to its files are for you alone, for five minutes."""

    id: UUID
    position: int
    kind: QuestionKind
    question: str
    choices: list[str]
    is_required: bool
    answer: str | None
    chosen: list[str]
    files: list[MediaOut]
    answered_at: datetime | None
