"""What auctions tell that a moderator may want to look at."""

from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta

from marketplace.accounts.links import links_between
from marketplace.auctions.events import BidsPlaced, LinkedBidRefused
from marketplace.core import clock, db, platform
from marketplace.core.outbox import on
from marketplace.moderation.service import open_case
from marketplace.moderation.states import CaseKind

BIDS_A_MINUTE = platform.define(
    "moderation.bids_a_minute", Annotated[int, Meta(ge=1, le=100_000)], 20,
    "Bids by one account on one lot within a minute that open a case.",
)  # fmt: skip
MOST_PAIRS: Final = 50
"""Of one batch that are compared; on a lot as busy as that the next batch brings the others."""


@on(LinkedBidRefused)
async def report_linked_bid(event: LinkedBidRefused) -> None:
    await open_case(
        CaseKind.LINKED_TO_SELLER, event.bidder_id, other=event.seller_id, about=("lot", event.lot_id),
        auction_id=event.auction_id, links=event.links,
    )  # fmt: skip


@on(BidsPlaced)
async def report_velocity(event: BidsPlaced) -> None:
    rows = await db.fetch(
        "SELECT bidder, count(*) AS bids FROM bids WHERE lot = $1 AND bidder = ANY($2::uuid[]) AND placed_at > $3 "
        "GROUP BY bidder HAVING count(*) > $4",
        event.lot_id, sorted({bid.bidder_id for bid in event.bids}), clock.now() - timedelta(minutes=1),
        await BIDS_A_MINUTE.value(),
    )  # fmt: skip
    for row in rows:
        await open_case(
            CaseKind.BID_VELOCITY, row["bidder"], other=event.seller_id, about=("lot", event.lot_id),
            auction_id=event.auction_id, bids_in_a_minute=row["bids"],
        )  # fmt: skip


@on(BidsPlaced)
async def report_links(event: BidsPlaced) -> None:
    """Bidders near the seller, and bidders near each other who outbid one another."""
    with_seller = {(bid.bidder_id, event.seller_id) for bid in event.bids}
    rivals = {(bid.bidder_id, bid.outbid_id or bid.leader_id) for bid in event.bids}
    pairs = sorted(pair for pair in with_seller | rivals if pair[0] != pair[1])[:MOST_PAIRS]
    for (one, other), links in sorted((await links_between(pairs)).items()):
        kind = CaseKind.NEAR_SELLER if other == event.seller_id else CaseKind.LINKED_BIDDERS
        await open_case(kind, one, other=other, about=("lot", event.lot_id), auction_id=event.auction_id, links=links)
