"""Disputes in every state, about things that were bought outright: with what the sides say, and pictures that they show."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.demo.orders import Bought, sell
from marketplace.demo.pictures import draw_damaged
from marketplace.demo.shop import Picture
from marketplace.disputes.evidence import EVIDENCE
from marketplace.disputes.service import deciding, opening, proposing, talking
from marketplace.disputes.states import DisputeStatus, Reason, Side
from marketplace.media.service import uploads

SELLER: Final = "gallery"
MODERATOR: Final = "mod"
SECOND: Final = "manager"
S = DisputeStatus


class Quarrel(Struct, frozen=True, kw_only=True):
    """What was bought, what its buyer says, and how far it has come. `shows` is the motif of a picture of the damage."""

    bought: Bought
    motif: str
    reason: Reason
    story: str
    wanted: str | None = None
    answer: str
    comes_to: DisputeStatus
    agreed: bool = False


def _of(title: str, category: str, buyer: str, price: str) -> Bought:
    return Bought(title, category, buyer, price, "shipped")


QUARRELS: Final = [
    Quarrel(
        bought=_of("Tea bowl, Raku, black glaze", "ceramics", "carol", "120.00"), motif="vase", reason=Reason.NOT_AS_DESCRIBED,
        story="描述里写着“没有修补痕迹”，但碗口有一处明显的金缮修补。请退还一半的钱，我愿意留下它。", wanted="60.00",
        answer="The repair is old and was in the third picture. I can give you 30.00 back.", comes_to=S.NEGOTIATING,
    ),
    Quarrel(
        bought=_of("Mantel clock, walnut", "watches", "alice", "260.00"), motif="watch", reason=Reason.POOR_QUALITY,
        story="The glass was shattered when I opened the parcel, and the hands are bent. There was one sheet of paper around it.",
        answer="It left here whole and in two boxes. The carrier must have dropped it.", comes_to=S.UNDER_REVIEW,
    ),
    Quarrel(
        bought=_of("Folding camera, 1936", "cameras", "bob", "95.00"), motif="camera", reason=Reason.NOT_AS_DESCRIBED,
        story="The bellows leak light in at least four places; the listing calls it film-tested and ready to use.", wanted="95.00",
        answer="I have tested it with a roll of film in spring. I can send you the negatives.", comes_to=S.DECIDED,
    ),
    Quarrel(
        bought=_of("Mandolin, bowl back", "instruments", "erin", "180.00"), motif="guitar", reason=Reason.NOT_AS_DESCRIBED,
        story="The neck has been broken and glued. No word of that in the listing, and it cannot be tuned.", answer="It is a hundred years old. "
        "Of course it has been repaired.", comes_to=S.APPEALED,
    ),
    Quarrel(
        bought=_of("Table lamp, opal glass", "furniture", "frank", "70.00"), motif="lamp", reason=Reason.LATE,
        story="It came three weeks late, after the birthday that it was meant for. I would keep it for less.", wanted="20.00",
        answer="I am sorry for that. Let us share the loss.", comes_to=S.RESOLVED, agreed=True,
    ),
    Quarrel(
        bought=_of("Copper kettle, two litres", "ceramics", "dave", "55.00"), motif="kettle", reason=Reason.NOT_RECEIVED,
        story="The tracking has said nothing for two weeks, and nothing has come. I want my money back.",
        answer="The carrier is looking for it.", comes_to=S.RESOLVED,
    ),
    Quarrel(
        bought=_of("Herbarium, 48 sheets", "rare-books", "alice", "140.00"), motif="book", reason=Reason.NO_ANSWER,
        story="I have asked twice which sheets are missing, and have heard nothing from the seller since.",
        answer="My mistake: I was away. No sheet is missing, the numbers jump from 30 to 32.", comes_to=S.WITHDRAWN,
    ),
]  # fmt: skip


async def load_disputes(ids: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    """Nothing where there is no sandbox to pay with. What is there already stays as it is."""
    if not settings().has_sandbox_payments:
        return
    sold = {row["title"] for row in await db.fetch("SELECT title FROM auctions WHERE seller = $1", ids[SELLER])}
    missing = [one for one in QUARRELS if one.bought.title not in sold]
    if missing:
        say(f"Making {len(missing)} demo disputes")
    for one in missing:
        order_id = await sell(one.bought, ids[SELLER], ids[one.bought.buyer])
        await _argue(one, order_id, ids)


async def _argue(one: Quarrel, order_id: UUID, ids: Mapping[str, UUID]) -> None:
    buyer, seller = ids[one.bought.buyer], ids[SELLER]
    shown = [await _picture(one, buyer)] if one.reason in (Reason.NOT_AS_DESCRIBED, Reason.POOR_QUALITY) else []
    dispute_id = await opening.open_dispute(order_id, buyer, one.reason, one.story, one.wanted, shown)
    await talking.say(dispute_id, seller, one.answer)
    if one.comes_to is S.NEGOTIATING:
        await proposing.propose(dispute_id, seller, "30.00", "A quarter of the price, for the repair.")
    elif one.comes_to is S.WITHDRAWN:
        await opening.withdraw(dispute_id, buyer, "That explains it. Thank you.")
    elif one.agreed:
        proposal = await proposing.propose(dispute_id, seller, "15.00", "This much for the wait.")
        await proposing.accept(dispute_id, proposal, buyer)
    else:
        await talking.escalate(dispute_id, buyer, "We do not agree.")
        await _staff(one, dispute_id, buyer, seller, ids)


async def _staff(one: Quarrel, dispute_id: UUID, buyer: UUID, seller: UUID, ids: Mapping[str, UUID]) -> None:
    moderator = ids[MODERATOR]
    if one.comes_to is S.UNDER_REVIEW:
        await talking.ask(
            dispute_id, moderator, Side.SELLER, 3, "Can you show us how it was packed, or the carrier's report?"
        )
        await talking.say(dispute_id, seller, "This is how I pack clocks.", [await _picture(one, seller)])
        await talking.say_as_staff(
            dispute_id, moderator, "The second case of a badly packed clock this month.", internal=True
        )
        return
    await deciding.take(dispute_id, moderator)
    if one.comes_to is S.RESOLVED:
        await deciding.resolve(
            dispute_id, moderator, "55.00", "0.00", "The carrier has confirmed the loss of the parcel."
        )
        await deciding.accept(dispute_id, seller)
        return
    whole = one.bought.price
    half = f"{Decimal(whole) / 2:.2f}"
    await deciding.resolve(
        dispute_id, moderator, half, half, "The damage is visible, and so is its age in the pictures."
    )
    if one.comes_to is S.APPEALED:
        await deciding.appeal(
            dispute_id, buyer, "A glued neck cannot be seen in any of its pictures. I want all of it back."
        )
        await deciding.take(dispute_id, ids[SECOND])


async def _picture(one: Quarrel, owner: UUID) -> UUID:
    drawn = Picture(await asyncio.to_thread(draw_damaged, one.bought.title, one.motif))
    return (await uploads.take_in(drawn, EVIDENCE, owner_id=owner)).id
