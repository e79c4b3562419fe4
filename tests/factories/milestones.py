"""Milestones of gig orders, as far along as a test wants them."""

from uuid import UUID

from marketplace.core import db
from marketplace.engagements.queries.plans import read_plan
from marketplace.engagements.schemas.plans import LockedPlan
from marketplace.engagements.service import milestone_plans, milestones
from marketplace.engagements.states import Gig
from marketplace.orders.service.stepping import step
from tests.factories.engagements import an_engagement, parties
from tests.factories.orders import pay_part


async def propose(order_id: UUID, viewer: UUID, *minors: int | None) -> list[UUID]:
    return [
        await milestone_plans.propose(
            order_id, viewer, f"Step {n}", "", None if minor is None else f"{minor / 100:.2f}", None
        )
        for n, minor in enumerate(minors, 1)
    ]


async def in_milestones(
    *minors: int, whole: bool = False, paid: bool = True, at_work: bool = True, **over: object
) -> UUID:
    """The id of a gig order that is done in these, agreed; the first is paid (`whole`: all of it was before), and work has begun."""
    before = Gig.AWAITING_REQUIREMENTS if whole else Gig.PENDING_PAYMENT
    order_id = await an_engagement(sum(minors), to=before, paid_with="wallet", **over)  # type: ignore[arg-type]
    buyer, seller = await parties(order_id)
    await propose(order_id, seller, *minors[:-1], None)
    await milestone_plans.agree(order_id, buyer)
    if paid and not whole:
        await pay_part(order_id, "wallet")
    if paid and at_work:
        await step(order_id, seller, "accept")
        await step(order_id, seller, "start")
    return order_id


async def plan_of(order_id: UUID) -> LockedPlan:
    async with db.transaction():
        plan = await read_plan(order_id)
    assert plan is not None
    return plan


async def statuses(order_id: UUID) -> list[str]:
    return [one.status.value for one in (await plan_of(order_id)).milestones]


async def amounts(order_id: UUID) -> list[int]:
    return [one.amount_minor for one in (await plan_of(order_id)).milestones]


async def ids(order_id: UUID) -> list[UUID]:
    return [one.id for one in (await plan_of(order_id)).milestones]


async def submit(order_id: UUID, n: int) -> UUID:
    """The n-th, by its seller."""
    _, seller = await parties(order_id)
    milestone_id = (await ids(order_id))[n - 1]
    await milestones.complete(milestone_id, seller, "Here it is.", None)
    return milestone_id


async def approve(order_id: UUID, n: int, amount: str | None = None) -> None:
    buyer, _ = await parties(order_id)
    await milestones.complete((await ids(order_id))[n - 1], buyer, "", amount)


async def do(order_id: UUID, n: int, amount: str | None = None) -> None:
    await submit(order_id, n)
    await approve(order_id, n, amount)
