"""What milestones tell: each side of what the other did, and the buyer of what is to be paid next."""

from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.engagements.events import (
    MilestoneApproved,
    MilestoneRejected,
    MilestonesAgreedOn,
    MilestonesProposed,
    MilestoneSubmitted,
)
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify


@on(MilestonesProposed)
async def tell_of_plan(event: MilestonesProposed) -> None:
    """One line an order, however often it is changed."""
    details = Details(order_id=event.order_id, number=event.number, title=event.title, count=event.position)
    await notify(Kind.MILESTONES_PROPOSED, details, [event.to_id], key=f"milestones:{event.order_id}")


@on(MilestonesAgreedOn)
async def tell_of_agreement(event: MilestonesAgreedOn) -> None:
    details = Details(order_id=event.order_id, number=event.number, title=event.title, count=event.position)
    await notify(Kind.MILESTONES_AGREED, details, [event.to_id])


@on(MilestoneSubmitted)
async def tell_of_submission(event: MilestoneSubmitted) -> None:
    details = Details(
        order_id=event.order_id, milestone_id=event.milestone_id, number=event.number, title=event.name, count=event.position,
        until=event.approve_by,
    )  # fmt: skip
    await notify(Kind.MILESTONE_SUBMITTED, details, [event.buyer_id])


@on(MilestoneRejected)
async def tell_of_rejected_milestone(event: MilestoneRejected) -> None:
    details = Details(
        order_id=event.order_id, milestone_id=event.milestone_id, number=event.number, title=event.name, count=event.position,
        reason=event.reason,
    )  # fmt: skip
    await notify(Kind.MILESTONE_REJECTED, details, [event.seller_id])


@on(MilestoneApproved)
async def tell_of_approval(event: MilestoneApproved) -> None:
    def details(minor: int) -> Details:
        return Details(
            order_id=event.order_id, milestone_id=event.milestone_id, number=event.number, title=event.name, count=event.position,
            amount=to_text(minor, event.currency), currency=event.currency,
        )  # fmt: skip

    await notify(Kind.MILESTONE_APPROVED, details(event.amount), [event.seller_id])
    if event.next_due is not None:
        await notify(Kind.MILESTONE_DUE, details(event.next_due), [event.buyer_id])
