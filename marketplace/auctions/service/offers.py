"""Second chances: a lot that its winner did not pay for is offered to the second bidder. RULES: Auctions."""

from datetime import timedelta
from uuid import UUID

from marketplace.accounts.states import AccountStatus
from marketplace.auctions import history
from marketplace.auctions.bidding import Recorded, maxima
from marketplace.auctions.errors import AuctionClosed, OfferNotFound
from marketplace.auctions.events import SecondChanceClosed, SecondChanceOffered
from marketplace.auctions.locks import LockedLot, LotRef, lock_auction, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.rules import OFFER_HOURS
from marketplace.auctions.service.selling import make_sale
from marketplace.auctions.states import OfferStatus, SaleKind
from marketplace.auctions.tables import SecondChanceOffer
from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7


async def offer_to_second(lot: LockedLot, unpaid_sale: UUID, winner: UUID) -> None:
    """Offer a locked lot to whoever comes after its winner, at their own maximum; if there is such a bidder."""
    second = await _second_bidder(lot, winner)
    if second is None:
        return
    offer_id, expires_at = uuid7(), clock.now() + timedelta(hours=await OFFER_HOURS.value())
    await SecondChanceOffer(
        id=offer_id, lot=lot.id, auction=lot.auction_id, unpaid_sale=unpaid_sale, bidder=second.bidder,
        amount_minor=second.max_minor, currency=lot.currency, expires_at=expires_at,
    ).save()  # fmt: skip
    await history.born(lot.auction_id, "offer", offer_id, OfferStatus.OPEN.value, None, "the winner did not pay")
    await timers.schedule("auctions.offer_expiry", offer_id, expires_at)
    await outbox.emit(
        SecondChanceOffered(
            offer_id=offer_id, auction_id=lot.auction_id, lot_id=lot.id, bidder_id=second.bidder, title=lot.title,
            amount=second.max_minor, currency=lot.currency, expires_at=expires_at,
        )
    )  # fmt: skip


async def _second_bidder(lot: LockedLot, winner: UUID) -> Recorded | None:
    """The highest maximum of somebody else who may still buy; the earlier of equal ones. Never below the reserve."""
    bids = [
        row
        for row in maxima(await read_history(lot.id)).values()
        if row.bidder != winner and row.max_minor >= (lot.terms.reserve_minor or 0)
    ]
    barred = await db.fetch(
        "SELECT id FROM users WHERE id = ANY($1::uuid[]) AND status <> $2",
        [row.bidder for row in bids], AccountStatus.ACTIVE.value,
    )  # fmt: skip
    allowed = [row for row in bids if row.bidder not in {user["id"] for user in barred}]
    return max(allowed, key=lambda row: (row.max_minor, -row.seq), default=None)


async def answer_offer(offer_id: UUID, bidder_id: UUID, *, accept: bool) -> UUID | None:
    """The second bidder takes the offer (a new sale and order; the sale's id is returned) or declines it.

    Raises OfferNotFound for anybody else's, AuctionClosed when its time has passed, IllegalTransition.
    """
    async with db.transaction():
        offer, lot = await _lock_offer(offer_id)
        if offer.bidder != bidder_id:
            raise OfferNotFound
        after = OfferStatus.ACCEPTED if accept else OfferStatus.DECLINED
        await _close_offer(offer, lot, after, bidder_id, "answered")
        if not accept:
            return None
        if offer.expires_at <= clock.now():
            raise AuctionClosed("The offer has expired.")
        return await make_sale(lot, bidder_id, offer.amount_minor, SaleKind.SECOND_CHANCE)


async def expire_offer(offer_id: UUID) -> None:
    """The offer's time has passed. Safe to repeat."""
    async with db.transaction():
        offer, lot = await _lock_offer(offer_id)
        if offer.status == OfferStatus.OPEN and offer.expires_at <= clock.now():
            await _close_offer(offer, lot, OfferStatus.EXPIRED, None, "not answered in time")


async def withdraw_offers(auction_id: UUID, actor: UUID | None, reason: str) -> None:
    """Of a locked auction nothing is offered any more."""
    offers = await db.fetch(
        "SELECT id FROM second_chance_offers WHERE auction = $1 AND status = 'open' ORDER BY id FOR UPDATE", auction_id
    )
    for offer in offers:
        await history.move_offer(auction_id, offer["id"], OfferStatus.OPEN, OfferStatus.WITHDRAWN, actor, reason)


async def _lock_offer(offer_id: UUID) -> tuple[SecondChanceOffer, LockedLot]:
    found = await db.fetch_row("SELECT auction, lot FROM second_chance_offers WHERE id = $1", offer_id)
    if found is None:
        raise OfferNotFound
    await lock_auction(found["auction"])
    lot = await lock_lot(LotRef(lot_id=found["lot"]))
    offer = await SecondChanceOffer.objects().where(SecondChanceOffer.id == offer_id).lock_rows().first()
    assert offer is not None, "offers are never deleted"
    return offer, lot


async def _close_offer(
    offer: SecondChanceOffer, lot: LockedLot, after: OfferStatus, actor: UUID | None, reason: str
) -> None:
    await history.move_offer(lot.auction_id, offer.id, OfferStatus(offer.status), after, actor, reason)
    await outbox.emit(
        SecondChanceClosed(
            offer_id=offer.id, auction_id=lot.auction_id, lot_id=lot.id, bidder_id=offer.bidder,
            seller_id=lot.seller, status=after.value,
        )
    )  # fmt: skip
