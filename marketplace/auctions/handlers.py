from typing import Any

from marketplace.accounts.events import UserBanned
from marketplace.auctions.events import (
    AuctionCancelled,
    AuctionEnded,
    AuctionStarted,
    AuctionUpdated,
    LeadBarred,
    SellerBarred,
)
from marketplace.auctions.freshness import auctions_changed
from marketplace.auctions.locks import lock_auction
from marketplace.auctions.messages import room
from marketplace.auctions.pictures import AUCTION_IMAGE
from marketplace.auctions.queries.auctions import offered_under, room_snapshot
from marketplace.auctions.service.images import forget_image, forget_images_of
from marketplace.auctions.service.lifecycle import cancel_locked
from marketplace.auctions.service.retractions import drop_lead
from marketplace.auctions.states import AUCTION, AuctionStatus
from marketplace.catalog.service.filing import file_under
from marketplace.catalog.states import ItemKind
from marketplace.core import db, live, outbox
from marketplace.media.events import MediaReady, MediaRefused


@outbox.on(AuctionUpdated)
async def show_changed_auction(event: AuctionUpdated) -> None:
    """A changed listing is told to its room as a new snapshot: every text and term may be another."""
    await live.hold(room(event.auction_id))
    await live.post(room(event.auction_id), await room_snapshot(event.auction_id))


@outbox.on(UserBanned)
async def take_down_auctions_of_the_banned(event: UserBanned) -> None:
    """Nobody should bid on what a banned account offers. What has been paid for stays for staff to settle."""
    found = await db.fetch(
        "SELECT id FROM auctions a WHERE seller = $1 AND status IN ('scheduled', 'active') AND deleted_at IS NULL "
        "AND NOT EXISTS (SELECT FROM sales s WHERE s.auction = a.id AND s.status = 'paid') ORDER BY id",
        event.user_id,
    )
    # Each by itself: an auction's lock comes before the wallets of those who bid on another.
    await outbox.emit(*(SellerBarred(auction_id=row["id"], actor_id=event.actor_id) for row in found))


@outbox.on(SellerBarred)
async def take_down_one(event: SellerBarred) -> None:
    auction = await lock_auction(event.auction_id)
    if AUCTION.allows(auction.status, AuctionStatus.CANCELLED):
        await cancel_locked(auction, event.actor_id, "The seller's account was banned.", by_staff=True)


@outbox.on(UserBanned)
async def free_what_the_banned_hold(event: UserBanned) -> None:
    """Their bids fall away where money is held for them. Elsewhere a bid stands, and who does not pay loses the lot."""
    found = await db.fetch("SELECT id FROM lots WHERE leader = $1 AND held_minor > 0 ORDER BY id", event.user_id)
    await outbox.emit(*(LeadBarred(lot_id=row["id"], bidder_id=event.user_id) for row in found))


@outbox.on(LeadBarred)
async def drop_the_lead(event: LeadBarred) -> None:
    await drop_lead(event.lot_id, event.bidder_id)


@outbox.on(AuctionCancelled)
async def take_pictures_away(event: AuctionCancelled) -> None:
    """Of one its seller deleted. What staff removed keeps them, as evidence."""
    if not event.by_staff:
        await forget_images_of(event.auction_id)


@outbox.on(MediaReady)
async def show_new_picture(event: MediaReady) -> None:
    if event.purpose == AUCTION_IMAGE.name:
        auctions_changed()


@outbox.on(MediaRefused)
async def hide_unreadable_picture(event: MediaRefused) -> None:
    if event.purpose == AUCTION_IMAGE.name:
        await forget_image(event.media_id)


@outbox.on(AuctionStarted, AuctionUpdated, AuctionEnded, AuctionCancelled)
async def count_in_category(event: Any) -> None:
    """A category counts the auctions that run in it."""
    await file_under(ItemKind.AUCTION, event.auction_id, await offered_under(event.auction_id))
