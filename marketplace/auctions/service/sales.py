"""What a buyer owes, and what becomes of it: paid, or unpaid and offered to the second bidder. RULES: Auctions."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.states import AccountStatus
from marketplace.auctions import history
from marketplace.auctions.bidding import Recorded, maxima
from marketplace.auctions.errors import AlreadyPaid, AuctionClosed, OfferNotFound, SaleNotFound
from marketplace.auctions.events import SaleMade, SalePaid, SaleUnpaid, SecondChanceClosed, SecondChanceOffered
from marketplace.auctions.locks import LockedLot, LotRef, lock_auction, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.rules import OFFER_HOURS, PAYMENT_HOURS
from marketplace.auctions.states import OfferStatus, SaleKind, SaleStatus
from marketplace.auctions.tables import Sale, SecondChanceOffer
from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7


async def make_sale(lot: LockedLot, buyer: UUID, amount_minor: int, kind: SaleKind) -> UUID:
    """Record that `buyer` owes this for a locked lot. The database refuses a second live sale of it."""
    sale_id, pay_by = uuid7(), clock.now() + timedelta(hours=await PAYMENT_HOURS.value())
    await Sale(
        id=sale_id, lot=lot.id, auction=lot.auction_id, buyer=buyer, seller=lot.seller, kind=kind,
        amount_minor=amount_minor, currency=lot.currency, pay_by=pay_by,
    ).save()  # fmt: skip
    await history.born(lot.auction_id, "sale", sale_id, SaleStatus.AWAITING_PAYMENT.value, None, kind.value)
    await timers.schedule("auctions.pay_by", sale_id, pay_by)
    await outbox.emit(
        SaleMade(
            sale_id=sale_id, kind=kind.value, auction_id=lot.auction_id, lot_id=lot.id, title=lot.title,
            buyer_id=buyer, seller_id=lot.seller, amount=amount_minor, currency=lot.currency, pay_by=pay_by,
        )
    )  # fmt: skip
    return sale_id


class LockedSale(Struct, frozen=True, kw_only=True):
    id: UUID
    lot: UUID
    auction: UUID
    buyer: UUID
    seller: UUID
    status: SaleStatus
    kind: SaleKind


async def lock_sale(sale_id: UUID) -> LockedSale:
    """The sale, with its auction and lot locked before it. Raises SaleNotFound."""
    found = await db.fetch_row("SELECT auction, lot FROM sales WHERE id = $1", sale_id)
    if found is None:
        raise SaleNotFound
    await db.fetch("SELECT id FROM auctions WHERE id = $1 FOR UPDATE", found["auction"])
    await db.fetch("SELECT id FROM lots WHERE id = $1 FOR UPDATE", found["lot"])
    row = await db.fetch_row(
        "SELECT id, lot, auction, buyer, seller, status, kind FROM sales WHERE id = $1 FOR UPDATE", sale_id
    )
    assert row is not None, "sales are never deleted"
    return LockedSale(
        id=row["id"], lot=row["lot"], auction=row["auction"], buyer=row["buyer"], seller=row["seller"],
        status=SaleStatus(row["status"]), kind=SaleKind(row["kind"]),
    )  # fmt: skip


async def mark_paid(sale_id: UUID, reason: str = "paid") -> None:
    """Payment has come in: called by what takes the money, in its transaction. Raises IllegalTransition."""
    async with db.transaction():
        sale = await lock_sale(sale_id)
        await history.move_sale(sale.auction, sale.id, sale.status, SaleStatus.PAID, sale.buyer, reason)
        await outbox.emit(
            SalePaid(
                sale_id=sale.id, auction_id=sale.auction, lot_id=sale.lot, buyer_id=sale.buyer, seller_id=sale.seller
            )
        )


async def expire_sale(sale_id: UUID) -> None:
    """The time to pay has passed: the sale is unpaid, and the second bidder gets an offer. Safe to repeat."""
    async with db.transaction():
        sale = await lock_sale(sale_id)
        if sale.status != SaleStatus.AWAITING_PAYMENT:
            return
        lot = await lock_lot(LotRef(lot_id=sale.lot))
        await history.move_sale(sale.auction, sale.id, sale.status, SaleStatus.UNPAID, None, "not paid in time")
        await outbox.emit(
            SaleUnpaid(
                sale_id=sale.id, auction_id=sale.auction, lot_id=sale.lot, buyer_id=sale.buyer,
                seller_id=sale.seller, title=lot.title,
            )
        )  # fmt: skip
        if sale.kind == SaleKind.WIN:
            await _offer_to_second(lot, sale)


async def _offer_to_second(lot: LockedLot, sale: LockedSale) -> None:
    second = await _second_bidder(lot, sale.buyer)
    if second is None:
        return
    offer_id, expires_at = uuid7(), clock.now() + timedelta(hours=await OFFER_HOURS.value())
    await SecondChanceOffer(
        id=offer_id, lot=lot.id, auction=lot.auction_id, unpaid_sale=sale.id, bidder=second.bidder,
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
    """The second bidder takes the offer (a new sale, whose id is returned) or declines it.

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


async def cancel_sales(auction_id: UUID, actor: UUID | None, reason: str) -> None:
    """What is owed for a locked auction's lots is no longer owed. Raises AlreadyPaid."""
    sales = await db.fetch("SELECT id, status FROM sales WHERE auction = $1 ORDER BY id FOR UPDATE", auction_id)
    if any(sale["status"] == SaleStatus.PAID for sale in sales):
        raise AlreadyPaid
    for sale in sales:
        if sale["status"] == SaleStatus.AWAITING_PAYMENT:
            before = SaleStatus(sale["status"])
            await history.move_sale(auction_id, sale["id"], before, SaleStatus.CANCELLED, actor, reason)
    offers = await db.fetch(
        "SELECT id FROM second_chance_offers WHERE auction = $1 AND status = 'open' ORDER BY id FOR UPDATE", auction_id
    )
    for offer in offers:
        await history.move_offer(auction_id, offer["id"], OfferStatus.OPEN, OfferStatus.WITHDRAWN, actor, reason)
