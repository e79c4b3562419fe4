"""What the work under orders of gigs tells, and custom offers. Of the orders' own news see `money`."""

from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.engagements.events import (
    CustomOfferAnswered,
    CustomOfferMade,
    DeliveryRejected,
    RequestAnswered,
    RequestMade,
    RequirementsAnswered,
    RequirementsAwaited,
    RevisionRequested,
    WorkAccepted,
    WorkDelivered,
    WorkLate,
    WorkStarted,
)
from marketplace.engagements.states import RequestKind, RequestStatus
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify


@on(RequirementsAwaited)
async def tell_of_questions(event: RequirementsAwaited) -> None:
    if event.count:
        details = Details(
            order_id=event.order_id, number=event.number, title=event.title, count=event.count, until=event.accept_by
        )
        await notify(Kind.REQUIREMENTS_AWAITED, details, [event.buyer_id])


@on(RequirementsAnswered)
async def tell_of_answers(event: RequirementsAnswered) -> None:
    details = Details(order_id=event.order_id, number=event.number, title=event.title, until=event.accept_by)
    await notify(Kind.REQUIREMENTS_ANSWERED, details, [event.seller_id])


@on(WorkAccepted)
async def tell_of_acceptance(event: WorkAccepted) -> None:
    details = Details(order_id=event.order_id, number=event.number, title=event.title, until=event.due_at)
    await notify(Kind.WORK_ACCEPTED, details, [event.buyer_id])


@on(WorkStarted)
async def tell_of_start(event: WorkStarted) -> None:
    details = Details(order_id=event.order_id, number=event.number, title=event.title, until=event.due_at)
    await notify(Kind.WORK_STARTED, details, [event.buyer_id])


@on(WorkDelivered)
async def tell_of_delivered_work(event: WorkDelivered) -> None:
    details = Details(
        order_id=event.order_id, delivery_id=event.delivery_id, number=event.number, title=event.title, count=event.version,
        until=event.accepted_at,
    )  # fmt: skip
    await notify(Kind.WORK_DELIVERED, details, [event.buyer_id])


@on(DeliveryRejected)
async def tell_of_rejection(event: DeliveryRejected) -> None:
    await _send_back(Kind.DELIVERY_REJECTED, event)


@on(RevisionRequested)
async def tell_of_revision(event: RevisionRequested) -> None:
    await _send_back(Kind.REVISION_REQUESTED, event)


async def _send_back(kind: Kind, event: DeliveryRejected | RevisionRequested) -> None:
    details = Details(
        order_id=event.order_id, delivery_id=event.delivery_id, number=event.number, title=event.title, count=event.version,
        reason=event.reason, until=event.due_at,
    )  # fmt: skip
    await notify(kind, details, [event.seller_id])


@on(WorkLate)
async def tell_of_lateness(event: WorkLate) -> None:
    details = Details(order_id=event.order_id, number=event.number, title=event.title, until=event.due_at)
    await notify(Kind.WORK_VERY_LATE if event.very else Kind.WORK_LATE, details, [event.buyer_id, event.seller_id])


@on(RequestMade)
async def tell_of_request(event: RequestMade) -> None:
    details = Details(
        order_id=event.order_id, request_id=event.request_id, number=event.number, title=event.title, count=event.days,
        reason=event.reason, until=event.answer_by,
    )  # fmt: skip
    extension = event.request is RequestKind.EXTENSION
    await notify(
        Kind.EXTENSION_REQUESTED if extension else Kind.CANCELLATION_REQUESTED, details, [event.asked_of]
    )  # fmt: skip


@on(RequestAnswered)
async def tell_of_answer(event: RequestAnswered) -> None:
    """To who asked; of what was taken back, to who was asked. What has no object any more is no news."""
    if event.status is RequestStatus.LAPSED:
        return
    details = Details(
        order_id=event.order_id, request_id=event.request_id, number=event.number, title=event.title, reason=event.status.value
    )  # fmt: skip
    extension = event.request is RequestKind.EXTENSION
    told = event.asked_of if event.status is RequestStatus.WITHDRAWN else event.asked_by
    await notify(Kind.EXTENSION_ANSWERED if extension else Kind.CANCELLATION_ANSWERED, details, [told])


@on(CustomOfferMade)
async def tell_of_custom_offer(event: CustomOfferMade) -> None:
    details = Details(
        custom_offer_id=event.offer_id, title=event.title, amount=to_text(event.price, event.currency), currency=event.currency,
        until=event.expires_at,
    )  # fmt: skip
    await notify(
        Kind.CUSTOM_OFFER_COUNTERED if event.counter else Kind.CUSTOM_OFFER_RECEIVED, details, [event.to_id]
    )  # fmt: skip


@on(CustomOfferAnswered)
async def tell_of_answered_offer(event: CustomOfferAnswered) -> None:
    details = Details(
        custom_offer_id=event.offer_id, order_id=event.order_id, title=event.title, reason=event.status.value,
        amount=to_text(event.price, event.currency), currency=event.currency,
    )  # fmt: skip
    await notify(Kind.CUSTOM_OFFER_ANSWERED, details, [event.to_id])
