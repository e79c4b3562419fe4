from marketplace.auctions.events import AuctionUpdated
from marketplace.auctions.messages import room
from marketplace.auctions.queries.auctions import room_snapshot
from marketplace.core import live, outbox


@outbox.on(AuctionUpdated)
async def show_changed_auction(event: AuctionUpdated) -> None:
    """A changed listing is told to its room as a new snapshot: every text and term may be another."""
    await live.hold(room(event.auction_id))
    await live.post(room(event.auction_id), await room_snapshot(event.auction_id))
