"""Buying a lot outright, which ends it. RULES: Auctions 6."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.links import linked_to
from marketplace.auctions import bidding
from marketplace.auctions.errors import LotNotFound, MayNotBid
from marketplace.auctions.locks import LotRef, lock_auction, lock_lot
from marketplace.auctions.service import holds
from marketplace.auctions.service.bidders import read_bidders
from marketplace.auctions.service.bids import check_open, check_seen, report_links
from marketplace.auctions.service.lifecycle import finish
from marketplace.auctions.service.open_lot import OpenLot
from marketplace.auctions.states import BidKind, SaleKind
from marketplace.core import db


class Bought(Struct, frozen=True, kw_only=True):
    """A lot bought outright: the row in its history, and the sale that is to be paid. Minor units of `currency`."""

    bid_id: UUID
    auction_id: UUID
    lot_id: UUID
    sale_id: UUID
    price_minor: int
    currency: str


async def buy_now(ref: LotRef, buyer_id: UUID, received_at: datetime) -> Bought:
    """Buy a lot at its buy-it-now price; it ends sold. Raises BuyNowGone, or what refuses a bid of this account."""
    async with db.transaction():
        # The auction first: with its last lot it ends too.
        auction_id = ref.auction_id or await db.fetch_val("SELECT auction FROM lots WHERE id = $1", ref.lot_id)
        if auction_id is None:
            raise LotNotFound
        auction = await lock_auction(auction_id)
        lot = await lock_lot(ref)
        check_seen(lot, buyer_id)
        links = await linked_to(lot.seller, [buyer_id])
        report_links(lot, links)
        candidates, people = await read_bidders(lot, {buyer_id}, links)
        candidate = candidates.get(buyer_id)
        if candidate is None:
            raise MayNotBid
        if candidate.refusal is not None:
            raise candidate.refusal
        open_lot = OpenLot(lot, people)
        check_open(open_lot, received_at)
        outcome = bidding.buy_now(lot.terms, lot.standing, buyer_id, received_at)
        buyer = open_lot.admit(buyer_id, candidate.alias)
        price = outcome.after.price_minor
        if lot.requires_hold:
            holds.check_covered(lot, await holds.lock_covers(lot, {buyer_id}), buyer_id, price)
        row = open_lot.take(outcome, buyer, BidKind.BUY_NOW, price, received_at)
        await open_lot.save()
        closed = await finish(auction, open_lot.now_standing(), buyer_id, "bought outright", kind=SaleKind.BUY_NOW)
        assert closed.sale_id is not None, "a lot that was bought is sold"
        return Bought(
            bid_id=row.id, auction_id=lot.auction_id, lot_id=lot.id, sale_id=closed.sale_id, price_minor=price,
            currency=lot.currency,
        )  # fmt: skip
