"""Orders of gigs in every state, and an offer that waits for an answer: made by the services that everybody uses."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.money import to_text
from marketplace.demo.covers import draw_cover
from marketplace.demo.shop import Picture
from marketplace.disputes.service.opening import open_dispute
from marketplace.disputes.states import Reason
from marketplace.engagements.files import DELIVERY
from marketplace.engagements.queries.requirements import missing
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.service import (
    answering,
    asking,
    deciding,
    delivering,
    milestone_plans,
    milestones,
    offering,
)
from marketplace.engagements.service.buying import order_package
from marketplace.engagements.states import Gig, RequestKind
from marketplace.media.service import uploads
from marketplace.orders.queries.checkouts import checkout_of_order
from marketplace.orders.service.paying import PURPOSE
from marketplace.orders.service.stepping import step
from marketplace.payments.service.paying import pay_from_wallet
from marketplace.reviews.service.writing import Words, review_order

SELLER: Final = "gallery"
G = Gig
STRAIGHT: Final = [G.PENDING_PAYMENT, G.AWAITING_REQUIREMENTS, G.ACCEPTED, G.IN_PROGRESS, G.DELIVERED]
SAID: Final = "It should look at home on a shop window and on a stamp. Blue, if possible; no gradients."

HEARD: Final = Words(rating=5, title="It keeps time", comment="Three drafts in two days, and the clock in it is right.")
OF_CLIENT: Final = Words(rating=5, title="", comment="Knew what the museum wanted, and answered within the hour.")


class Brief(Struct, frozen=True):
    """What a buyer orders, by the note on it, and how far it has come."""

    note: str
    buyer: str
    comes_to: Gig
    milestones: tuple[str, ...] = ()
    """Divided into equal parts of these names: the first is paid out, the second paid for."""


BRIEFS: Final = [
    Brief("For a bakery that opens in spring.", "alice", G.PENDING_PAYMENT),
    Brief("For the sign of a bicycle workshop.", "bob", G.AWAITING_REQUIREMENTS),
    Brief("For a reading circle's letterhead.", "erin", G.ACCEPTED),
    Brief("For the labels of twelve jams.", "frank", G.IN_PROGRESS),
    Brief("For a choir's programme.", "alice", G.DELIVERED),
    Brief("For a map of our allotments.", "bob", G.IN_REVISION),
    Brief("For the door of a clock museum.", "dave", G.COMPLETED),
    Brief("For a wedding in August.", "erin", G.CANCELLED),
    Brief("For a fishmonger's van.", "dave", G.DISPUTED),
    Brief("For a cookery book, from cover to colophon.", "frank", G.IN_PROGRESS, ("Sketches", "The cover", "The rest")),
]


async def order_work(ids: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    """Nothing where there is no sandbox to pay with. What is there already stays as it is."""
    if not settings().has_sandbox_payments:
        return
    seller = ids[SELLER]
    noted = {
        row["note"] for row in await db.fetch("SELECT note FROM orders WHERE kind = 'gig' AND seller = $1", seller)
    }
    wanted = [one for one in BRIEFS if one.note not in noted]
    rows = await db.fetch(
        "SELECT p.id, p.gig FROM gig_packages p JOIN gigs g ON g.id = p.gig WHERE g.seller = $1 AND g.status = 'published' "
        "AND g.currency = 'USD' AND p.is_main ORDER BY p.price_minor, p.id LIMIT $2",
        seller, len(wanted),
    )  # fmt: skip
    if not wanted or len(rows) < len(wanted):
        return
    say(f"Ordering {len(wanted)} demo gigs")
    for one, row in zip(wanted, rows, strict=True):
        await _bring(one, row["id"], ids[one.buyer], seller)
    if not noted:
        await offering.make(
            ids["carol"], rows[0]["gig"], None, "75.00", 6, 2, "一个小书店的标志：一只读书的狐狸，单色。"
        )


async def _bring(one: Brief, package: UUID, buyer: UUID, seller: UUID) -> None:
    """Order it, and bring it to where it should be."""
    order_id = await order_package(buyer, package, note=one.note)
    await _divide(order_id, one.milestones, buyer, seller)
    far = {G.CANCELLED: 2}.get(one.comes_to, STRAIGHT.index(one.comes_to) if one.comes_to in STRAIGHT else 4)
    for status in STRAIGHT[1 : far + 1]:
        await _go(order_id, status, buyer, seller, one.note)
    if one.milestones:
        await _finish_first(order_id, buyer, seller)
    if one.comes_to is G.CANCELLED:
        request = await asking.ask_cancellation(order_id, buyer, "The wedding is called off, and so is the card.")
        await asking.accept(request, RequestKind.CANCELLATION, seller)
    elif one.comes_to in (G.IN_REVISION, G.COMPLETED):
        delivery = await db.fetch_val("SELECT id FROM deliveries WHERE engagement = $1", order_id)
        if one.comes_to is G.COMPLETED:
            await deciding.accept(delivery, buyer)
            await review_order(order_id, buyer, HEARD)
            await review_order(order_id, seller, OF_CLIENT)
        else:
            await deciding.request_revision(delivery, buyer, "The second draft, please, with thicker lines.")
    elif one.comes_to is G.DISPUTED:
        story = "These are three photographs of other people's logos. I had asked for drafts of my own, and see none."
        await open_dispute(order_id, buyer, Reason.NOT_AS_DESCRIBED, story)


async def _divide(order_id: UUID, names: Sequence[str], buyer: UUID, seller: UUID) -> None:
    """Proposed by the seller and agreed by the buyer before anything is paid."""
    if not names:
        return
    total, currency = (await db.fetch("SELECT total_minor, currency FROM orders WHERE id = $1", order_id))[0]
    for name in names[:-1]:
        await milestone_plans.propose(order_id, seller, name, "", to_text(total // len(names), currency), None)
    await milestone_plans.propose(order_id, seller, names[-1], "", None, None)
    await milestone_plans.agree(order_id, buyer)


async def _finish_first(order_id: UUID, buyer: UUID, seller: UUID) -> None:
    first = await db.fetch_val("SELECT id FROM milestones WHERE engagement = $1 AND position = 1", order_id)
    await milestones.complete(first, seller, "Four sketches; the second is my favourite.", None)
    await milestones.complete(first, buyer, "Ours, too.", None)
    await pay_from_wallet(buyer, PURPOSE, await checkout_of_order(order_id, buyer))


async def _go(order_id: UUID, to: Gig, buyer: UUID, seller: UUID, note: str) -> None:
    if to is G.AWAITING_REQUIREMENTS:
        await pay_from_wallet(buyer, PURPOSE, await checkout_of_order(order_id, buyer))
    elif to is G.ACCEPTED:
        asked = await missing(order_id)
        if asked:
            await answering.answer(
                order_id, buyer, [AnswerRequirement(requirement_id=one.id, text=SAID) for one in asked]
            )
        await step(order_id, seller, "accept")
    elif to is G.IN_PROGRESS:
        await step(order_id, seller, "start")
    else:
        drawn = Picture(await asyncio.to_thread(draw_cover, note, "mark"))
        file = await uploads.take_in(drawn, DELIVERY, owner_id=seller)
        await delivering.submit(order_id, seller, "Three drafts. Tell me which one you like.", [file.id])
