"""Orders of gigs, as far along as a test wants them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.engagements.files import DELIVERY
from marketplace.engagements.queries.locking import read_work
from marketplace.engagements.schemas.work import LockedEngagement, Question
from marketplace.engagements.service import deciding, delivering, offering
from marketplace.engagements.service.opening import Terms, open_work
from marketplace.engagements.states import Gig
from marketplace.media.purposes import Purpose
from marketplace.media.service import uploads
from marketplace.orders.fulfilment import Line
from marketplace.orders.service import cancelling
from marketplace.orders.service.stepping import step
from tests.factories.accounts import a_user
from tests.factories.disputes import a_dispute
from tests.factories.orders import pay
from tests.factories.pictures import AFile, a_picture, work_off


async def a_bare_gig(seller: UUID, status: str = "paused") -> UUID:
    """The row alone, for an order or an offer to name."""
    gig = uuid7()
    await db.execute(
        "INSERT INTO gigs (id, seller, title, slug, description, keywords, currency, status, must_be_approved, "
        "rejected_reason, languages, view_count, click_count, order_count, completed_count, rating_sum, "
        "rating_count, trending, published_at, created_at, updated_at) VALUES ($1, $2, 'A logo', 'a-logo-' || $1::uuid, '', '', "
        "'USD', $3, false, '', '{}', 0, 0, 0, 0, 0, 0, 0, now(), now(), now())",
        gig, seller, status,
    )  # fmt: skip
    return gig


async def an_offer(
    seller: UUID, buyer: UUID, *, by: str = "seller", price: str = "80.00", days: int = 4, revisions: int | None = 2
) -> UUID:
    """A custom offer, made by one of the two."""
    gig = await a_bare_gig(seller)
    author = seller if by == "seller" else buyer
    return await offering.make(
        author, gig, buyer if by == "seller" else None, price, days, revisions, "A logo with a fox"
    )


async def an_engagement(
    minor: int = 10_000,
    *,
    buyer: UUID | None = None,
    seller: UUID | None = None,
    to: Gig = Gig.AWAITING_REQUIREMENTS,
    days: int = 5,
    revisions: int | None = 1,
    questions: list[Question] | None = None,
    paid_with: str = "sandbox",
    **line: Any,
) -> UUID:
    """The id of an order of a gig that stands where it is wanted, on the straight way there."""
    buyer, seller = buyer or (await a_user()).id, seller or (await a_user()).id
    lines = [Line(subject=uuid7(), title="A logo, basic", total=Money(minor, "USD"), **line)]
    terms = Terms(
        seller=seller, gig=await a_bare_gig(seller), lines=lines, delivery_days=days, revisions=revisions,
        questions=questions or [],
    )  # fmt: skip
    async with db.transaction():
        order_id = await open_work(buyer, terms)
    for status in WAYS[to]:
        await _go(order_id, status, buyer, seller, paid_with)
    return order_id


STRAIGHT = [Gig.AWAITING_REQUIREMENTS, Gig.ACCEPTED, Gig.IN_PROGRESS, Gig.DELIVERED]
WAYS = {
    Gig.PENDING_PAYMENT: [],
    **{status: STRAIGHT[: n + 1] for n, status in enumerate(STRAIGHT)},
    Gig.IN_REVISION: [*STRAIGHT, Gig.IN_REVISION],
    Gig.COMPLETED: [*STRAIGHT, Gig.COMPLETED],
    Gig.CANCELLED: [Gig.AWAITING_REQUIREMENTS, Gig.CANCELLED],
    Gig.DISPUTED: [*STRAIGHT, Gig.DISPUTED],
}


async def _go(order_id: UUID, to: Gig, buyer: UUID, seller: UUID, paid_with: str) -> None:
    if to is Gig.AWAITING_REQUIREMENTS:
        await pay(await db.fetch_val("SELECT checkout FROM orders WHERE id = $1", order_id), paid_with)
    elif to is Gig.ACCEPTED:
        await step(order_id, seller, "accept")
    elif to is Gig.IN_PROGRESS:
        await step(order_id, seller, "start")
    elif to is Gig.DELIVERED:
        await delivering.submit(order_id, seller, "Here it is.", [])
    elif to is Gig.IN_REVISION:
        await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
    elif to is Gig.COMPLETED:
        await deciding.accept(await latest_of(order_id), buyer)
    elif to is Gig.CANCELLED:
        await cancelling.cancel_own(order_id, buyer, "Sorry")
    elif to is Gig.DISPUTED:
        await a_dispute(order_id=order_id)


async def hand_over_a_picture(order_id: UUID) -> bytes:
    """Deliver a picture to an order in progress; its bytes, once it can be seen."""
    seller, content = await db.fetch_val("SELECT seller FROM orders WHERE id = $1", order_id), a_picture("JPEG")
    media = await uploads.take_in(AFile(content, "draft.jpg"), DELIVERY, owner_id=seller)
    await delivering.submit(order_id, seller, "Here it is.", [media.id])
    await work_off()
    return content


async def latest_of(order_id: UUID) -> UUID:
    """Its last delivery's id."""
    delivery: UUID = await db.fetch_val(
        "SELECT id FROM deliveries WHERE engagement = $1 ORDER BY version DESC LIMIT 1", order_id
    )
    return delivery


async def a_file_for(owner: UUID, purpose: Purpose, data: bytes | None = None) -> UUID:
    """Uploaded ahead, and worked off."""
    media = await uploads.take_in(AFile(data or a_picture()), purpose, owner_id=owner)
    await work_off()
    return media.id


async def parties(order_id: UUID) -> tuple[UUID, UUID]:
    """(buyer, seller)"""
    row = await db.fetch_row("SELECT buyer, seller FROM orders WHERE id = $1", order_id)
    assert row is not None
    return row["buyer"], row["seller"]


async def work_of(order_id: UUID) -> LockedEngagement:
    return await read_work(order_id)


async def set_due(order_id: UUID, ago: timedelta) -> None:
    """Its due date was so long ago, and its timers are due."""
    await db.execute("UPDATE engagements SET due_at = $2 WHERE id = $1", order_id, clock.now() - ago)
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", str(order_id))
