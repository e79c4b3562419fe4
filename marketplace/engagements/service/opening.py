"""Placing the order of a gig, with the work under it. Everything agreed is a snapshot."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.engagements import rules
from marketplace.engagements.events import RequirementsAwaited
from marketplace.engagements.queries.locking import read_work
from marketplace.engagements.queries.requirements import missing
from marketplace.engagements.schemas.work import LockedEngagement, Question
from marketplace.engagements.service.recording import record
from marketplace.orders import telling
from marketplace.orders.fulfilment import Draft, Line, LockedOrder
from marketplace.orders.service.placing import place

KIND: Final = "gig"
GIVE_UP: Final = "engagements.give_up"
QUESTIONS: Final = """
INSERT INTO engagement_requirements (id, engagement, position, kind, question, choices, is_required, answer, chosen)
SELECT q.id, $1, q.position, q.kind, q.question, q.choices::jsonb, q.is_required, '', '[]'
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[])
  WITH ORDINALITY AS q(id, kind, question, choices, is_required, position)
"""


class Terms(Struct, frozen=True, kw_only=True):
    """What a buyer and a seller agree on. `delivery_days` with all extras; no `revisions`: as many as are asked for.

    `lines` cost something. `expires_at` is when the order is given up unpaid; None: after the platform's time.
    """

    seller: UUID
    gig: UUID
    lines: Sequence[Line]
    delivery_days: int
    revisions: int | None
    package: UUID | None = None
    offer: UUID | None = None
    questions: Sequence[Question] = ()
    note: str = ""
    expires_at: datetime | None = None


async def open_work(buyer: UUID, terms: Terms, actor: UUID | None = None) -> UUID:
    """Place the order and write down what was agreed, in the caller's transaction. The order's id. Raises OwnGoods."""
    draft = Draft(
        kind=KIND, seller=terms.seller, lines=terms.lines, note=terms.note, expires_at=terms.expires_at
    )  # fmt: skip
    placed = await place(buyer, [draft], actor=actor or buyer)
    order_id, now = placed.orders[0].id, clock.now()
    await db.execute(
        "INSERT INTO engagements (id, gig, package, offer, delivery_days, revisions_allowed, revisions_used, extended_days, "
        "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $7)",
        order_id, terms.gig, terms.package, terms.offer, terms.delivery_days, terms.revisions, now,
    )  # fmt: skip
    await db.execute(
        QUESTIONS, order_id,
        [uuid7() for _ in terms.questions],
        [one.kind for one in terms.questions],
        [one.question for one in terms.questions],
        [msgspec.json.encode(one.choices).decode() for one in terms.questions],
        [one.is_required for one in terms.questions],
    )  # fmt: skip
    return order_id


async def paid(order: LockedOrder) -> None:
    """Of a locked order: the seller has some days to accept it, from when they know what they need."""
    work = await await_acceptance(await read_work(order.id))
    left = await missing(order.id)
    if not left and work.answered_at is None:
        await record(work, answered_at=clock.now())
    assert work.accept_by is not None, "it has just begun"
    await outbox.emit(RequirementsAwaited(**telling.of(order), count=len(left), accept_by=work.accept_by))


async def await_acceptance(work: LockedEngagement) -> LockedEngagement:
    accept_by = clock.now() + timedelta(days=await rules.ACCEPT_DAYS.value())
    await timers.schedule(GIVE_UP, work.id, accept_by)
    return await record(work, accept_by=accept_by)
