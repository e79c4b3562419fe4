"""The questions that are answered before the work begins. What must be answered is, or the seller cannot accept."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.engagements.errors import RequirementsMissing
from marketplace.engagements.events import RequirementsAnswered
from marketplace.engagements.files import BRIEF
from marketplace.engagements.queries.locking import lock_bought
from marketplace.engagements.queries.requirements import AskedQuestion, missing, read_questions
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.schemas.work import LockedEngagement
from marketplace.engagements.service.opening import await_acceptance
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import Gig, QuestionKind
from marketplace.media.queries import attached
from marketplace.media.service.attachments import attach, detach
from marketplace.orders import history, telling
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service.releasing import check_not_frozen

OPEN = frozenset({Gig.PENDING_PAYMENT, Gig.AWAITING_REQUIREMENTS})
"""What was answered is what the seller accepts: afterwards it stays."""


async def answer(order_id: UUID, buyer: UUID, answers: Sequence[AnswerRequirement]) -> None:
    """Answer some of the questions, or answer them anew, until the seller has accepted.

    With the last of those that must be answered, the seller hears of it. Raises EngagementNotFound, OnlyTheBuyer,
    IllegalTransition, OrderFrozen, ValidationFailed naming `answers`, and what `attach` raises.
    """
    async with db.transaction():
        order, work = await lock_bought(order_id, buyer)
        if order.status not in OPEN:
            raise IllegalTransition(
                "The seller has accepted the order with the answers it had.",
                current=order.status, target="answered", allowed_from=sorted(OPEN),
            )  # fmt: skip
        check_not_frozen(order)
        questions = await read_questions(order_id)
        for one in answers:
            if one.requirement_id not in questions:
                raise ValidationFailed.of("answers", f"This order has no question {one.requirement_id}.")
            await _write(questions[one.requirement_id], one, buyer)
        await history.noted(order_id, order.status, buyer, "Questions answered")
        if work.answered_at is None and not await missing(order_id):
            await complete(order, await record(work, answered_at=clock.now()))


async def complete(order: LockedOrder, work: LockedEngagement) -> None:
    """Locked work has all the answers it needs: once it is paid, the seller's time to accept begins."""
    if order.status != Gig.AWAITING_REQUIREMENTS:
        return
    work = await await_acceptance(work)
    assert work.accept_by is not None, "it has just begun"
    await outbox.emit(RequirementsAnswered(**telling.of(order), accept_by=work.accept_by))


async def _write(question: AskedQuestion, given: AnswerRequirement, buyer: UUID) -> None:
    kind = question.kind
    text, chosen = given.text.strip(), list(dict.fromkeys(given.choices))
    if kind is QuestionKind.FILE:
        await _put_files(question.id, given.file_ids, buyer)
    elif given.file_ids:
        raise _wrong(question, "takes no files")
    if kind in (QuestionKind.CHOICE, QuestionKind.MULTIPLE):
        unknown = [one for one in chosen if one not in question.choices]
        if unknown or (kind is QuestionKind.CHOICE and len(chosen) > 1):
            raise _wrong(
                question, "takes one of its choices" if kind is QuestionKind.CHOICE else "takes its choices", question
            )
    elif chosen:
        raise _wrong(question, "has nothing to choose from")
    said = {QuestionKind.FILE: given.file_ids, QuestionKind.TEXT: text}.get(kind, chosen)
    await db.execute(
        "UPDATE engagement_requirements SET answer = $2, chosen = $3::jsonb, answered_at = $4 WHERE id = $1",
        question.id, text, msgspec.json.encode(chosen).decode(), clock.now() if said else None,
    )  # fmt: skip


def _wrong(question: AskedQuestion, what: str, shown: AskedQuestion | None = None) -> ValidationFailed:
    said = f"“{question.question[:80]}” {what}."
    details: dict[str, Any] = {"requirement_id": str(question.id)} | ({"choices": shown.choices} if shown else {})
    return ValidationFailed(said, fields={"answers": [said]}, **details)


async def _put_files(requirement_id: UUID, file_ids: Sequence[UUID], buyer: UUID) -> None:
    """Exactly these, in the order they came."""
    for one in (await attached(BRIEF, [requirement_id]))[requirement_id]:
        if one.id not in file_ids:
            await detach(one.id, BRIEF, requirement_id)
    await attach(file_ids, BRIEF, requirement_id, owner_id=buyer, field="file_ids")


async def check_answered(order_id: UUID) -> None:
    """Raises RequirementsMissing."""
    left = await missing(order_id)
    if left:
        raise RequirementsMissing(missing=[{"id": str(one.id), "question": one.question} for one in left])
