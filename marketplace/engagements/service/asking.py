"""What one side asks of the other: more days, or to call it off. One of each at a time. RULES: Orders, "Gig".

Who goes on with the work has answered: a seller who delivers declines the buyer's request to cancel, a buyer who wants a revision
declines the seller's, and each takes their own back. Silence agrees to a cancellation, except while the order is frozen.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.engagements import rules
from marketplace.engagements.errors import OnlyItsAuthor, OnlyTheOtherSide, RequestOpen
from marketplace.engagements.events import RequestAnswered, RequestMade
from marketplace.engagements.queries.locking import (
    lock_sold,
    lock_work,
    open_requests,
    order_of_request,
    read_request,
)
from marketplace.engagements.schemas.work import LockedEngagement, LockedRequest
from marketplace.engagements.service.clockwork import set_clock
from marketplace.engagements.service.recording import record
from marketplace.engagements.states import DISPUTABLE, REQUEST, WORKING, Gig, RequestKind, RequestStatus
from marketplace.orders import history, telling
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.service import cancelling
from marketplace.orders.service.moving import check
from marketplace.orders.service.releasing import check_not_frozen

ANSWER: Final = "engagements.answer"
SAID: Final = {
    RequestStatus.ACCEPTED: "agreed", RequestStatus.DECLINED: "declined", RequestStatus.WITHDRAWN: "taken back",
    RequestStatus.LAPSED: "lapsed",
}  # fmt: skip


async def ask_extension(order_id: UUID, seller: UUID, days: int, reason: str) -> UUID:
    """More days to do it in. Raises EngagementNotFound, OnlyTheSeller, IllegalTransition, OrderFrozen, RequestOpen."""
    async with db.transaction():
        order, _ = await lock_sold(order_id, seller)
        _check_stage(order, WORKING, "extension")
        note = f"Asked for {days} more {'day' if days == 1 else 'days'}: {reason}"
        return await _ask(order, RequestKind.EXTENSION, seller, reason, note, days=days)


async def ask_cancellation(order_id: UUID, viewer_id: UUID, reason: str) -> UUID:
    """By either side, once the order has been accepted. Raises EngagementNotFound, IllegalTransition, OrderFrozen, RequestOpen."""
    async with db.transaction():
        order, _ = await lock_work(order_id, viewer_id)
        _check_stage(order, DISPUTABLE, "cancellation")
        answer_by = clock.now() + timedelta(hours=await rules.CANCEL_ANSWER_HOURS.value())
        return await _ask(
            order, RequestKind.CANCELLATION, viewer_id, reason, f"Asked to cancel: {reason}", answer_by=answer_by
        )


def _check_stage(order: LockedOrder, stages: frozenset[Gig], wanted: str) -> None:
    """Raises IllegalTransition that names from where one may ask, OrderFrozen."""
    if order.status in stages or order.status == Gig.DISPUTED:
        check_not_frozen(order)
    if order.status not in stages:
        raise IllegalTransition(
            f"That is not to be asked for while it is {order.status}.",
            current=order.status, target=wanted, allowed_from=sorted(stages),
        )  # fmt: skip


async def _ask(
    order: LockedOrder,
    kind: RequestKind,
    asked_by: UUID,
    reason: str,
    note: str,
    *,
    days: int | None = None,
    answer_by: datetime | None = None,
) -> UUID:
    for one in await open_requests(order.id):
        if one.kind is kind:
            raise RequestOpen(request_id=str(one.id))
    request_id = uuid7()
    await db.execute(
        "INSERT INTO engagement_requests (id, engagement, kind, asked_by, days, reason, status, answer, answer_by, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'open', '', $7, $8)",
        request_id, order.id, kind, asked_by, days, reason, answer_by, clock.now(),
    )  # fmt: skip
    if answer_by is not None:
        await timers.schedule(ANSWER, request_id, answer_by)
    await history.noted(order.id, order.status, asked_by, note)
    await outbox.emit(
        RequestMade(
            **telling.of(order), request_id=request_id, request=kind, asked_of=other_side(order, asked_by), days=days,
            reason=reason, answer_by=answer_by,
        )
    )  # fmt: skip
    return request_id


def other_side(order: LockedOrder, side: UUID) -> UUID:
    return order.seller if side == order.buyer else order.buyer


async def accept(request_id: UUID, kind: RequestKind, viewer_id: UUID) -> None:
    """Raises RequestNotFound, OnlyTheOtherSide, IllegalTransition, OrderFrozen."""
    async with db.transaction():
        order, work, request = await _lock_asked(request_id, kind, viewer_id)
        check_not_frozen(order)
        await _agree(order, work, request, viewer_id)


async def decline(request_id: UUID, kind: RequestKind, viewer_id: UUID, answer: str = "") -> None:
    """Raises RequestNotFound, OnlyTheOtherSide, IllegalTransition."""
    async with db.transaction():
        order, _, request = await _lock_asked(request_id, kind, viewer_id)
        await _close(order, request, RequestStatus.DECLINED, viewer_id, answer)


async def withdraw(request_id: UUID, kind: RequestKind, viewer_id: UUID) -> None:
    """By who asked. Raises RequestNotFound, OnlyItsAuthor, IllegalTransition."""
    async with db.transaction():
        order, _ = await lock_work(await order_of_request(request_id, kind, viewer_id), viewer_id)
        request = await read_request(request_id)
        if request.asked_by != viewer_id:
            raise OnlyItsAuthor
        await _close(order, request, RequestStatus.WITHDRAWN, viewer_id)


async def _lock_asked(
    request_id: UUID, kind: RequestKind, viewer_id: UUID
) -> tuple[LockedOrder, LockedEngagement, LockedRequest]:
    order, work = await lock_work(await order_of_request(request_id, kind, viewer_id), viewer_id)
    request = await read_request(request_id)
    if request.asked_by == viewer_id:
        raise OnlyTheOtherSide
    return order, work, request


async def agree_by_silence(request_id: UUID) -> None:
    """The time to answer has passed. Safe to repeat; while the order is frozen nobody is silent."""
    order_id = await db.fetch_val("SELECT engagement FROM engagement_requests WHERE id = $1", request_id)
    order, work = await lock_work(order_id)
    request = await read_request(request_id)
    if request.status is not RequestStatus.OPEN or request.answer_by is None or order.frozen:
        return
    if request.answer_by > clock.now():
        await timers.schedule(ANSWER, request_id, request.answer_by)
        return
    await _agree(order, work, request, None)


async def _agree(order: LockedOrder, work: LockedEngagement, request: LockedRequest, actor: UUID | None) -> None:
    REQUEST.check(request.status, RequestStatus.ACCEPTED)
    if request.kind is RequestKind.CANCELLATION:
        check(order, Gig.CANCELLED)
        await _close(order, request, RequestStatus.ACCEPTED, actor)
        reason = request.reason or "Agreed"
        await cancelling.cancel_locked(order, CancelledBy.KIND, actor, reason, request_id=request.id)
        return
    await _close(order, request, RequestStatus.ACCEPTED, actor)
    assert request.days is not None and work.due_at is not None, "an extension is of work that was accepted"
    # What is late already gets its days from now: what both have agreed on is in time again.
    due_at = max(work.due_at, clock.now()) + timedelta(days=request.days)
    extended = work.extended_days + request.days
    work = await record(work, due_at=due_at, extended_days=extended, late_at=None, very_late_at=None)
    await set_clock(order, work)


async def _close(
    order: LockedOrder, request: LockedRequest, to: RequestStatus, actor: UUID | None, answer: str = ""
) -> None:
    """The one function that writes a request's status. Raises IllegalTransition."""
    REQUEST.check(request.status, to)
    await db.execute(
        "UPDATE engagement_requests SET status = $2, answer = $3, answered_by = $4, answered_at = $5, paused_at = NULL WHERE id = $1",
        request.id, to, answer, actor, clock.now(),
    )  # fmt: skip
    await timers.cancel(ANSWER, request.id)
    what = "The extension" if request.kind is RequestKind.EXTENSION else "The request to cancel"
    await history.noted(order.id, order.status, actor, f"{what} was {SAID[to]}" + (f": {answer}" if answer else ""))
    await outbox.emit(
        RequestAnswered(
            **telling.of(order), request_id=request.id, request=request.kind, asked_by=request.asked_by,
            asked_of=other_side(order, request.asked_by), status=to, answered_by=actor,
        )
    )  # fmt: skip


async def went_on(order: LockedOrder, actor: UUID) -> None:
    """Somebody has gone on with locked work: what is asked to call it off is answered by that, and a delivery needs no more days."""
    for request in await open_requests(order.id):
        if request.kind is RequestKind.CANCELLATION:
            own = request.asked_by == actor
            await _close(order, request, RequestStatus.WITHDRAWN if own else RequestStatus.DECLINED, actor)
        elif order.status == Gig.DELIVERED:
            await _close(order, request, RequestStatus.LAPSED, actor)


async def lapse(order: LockedOrder) -> None:
    """The order is over, and with it what was asked for."""
    for request in await open_requests(order.id):
        await _close(order, request, RequestStatus.LAPSED, None)


async def frozen_or_thawed(order: LockedOrder) -> None:
    """Nobody is silent while the order is frozen: the time to answer stands, and goes on with what was left of it."""
    now = clock.now()
    for request in await open_requests(order.id):
        if request.answer_by is None or (request.paused_at is not None) == order.frozen:
            continue
        if order.frozen:
            await db.execute("UPDATE engagement_requests SET paused_at = $2 WHERE id = $1", request.id, now)
            await timers.cancel(ANSWER, request.id)
        else:
            assert request.paused_at is not None, "it stood"
            answer_by = request.answer_by + (now - request.paused_at)
            await db.execute(
                "UPDATE engagement_requests SET paused_at = NULL, answer_by = $2 WHERE id = $1", request.id, answer_by
            )
            await timers.schedule(ANSWER, request.id, answer_by)
