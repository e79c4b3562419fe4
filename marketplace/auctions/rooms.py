"""The room of an auction: everybody may watch, those signed in may bid."""

from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import websocket
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from marketplace.accounts.sockets import serve
from marketplace.accounts.viewer import Viewer
from marketplace.auctions import bid_queue
from marketplace.auctions.answers import bid_accepted
from marketplace.auctions.locks import LotRef
from marketplace.auctions.messages import room
from marketplace.auctions.queries.auctions import check_visible, room_snapshot
from marketplace.auctions.service.bids import BidRequest
from marketplace.core import clock
from marketplace.core.errors import NotSignedIn, ValidationFailed
from marketplace.core.money import Amount, Currency
from marketplace.core.rooms import Room, Said
from marketplace.core.sockets import Socket


class PlaceBidHere(Said, frozen=True, kw_only=True, tag="place_bid"):
    """Bid in this auction, as with POST /bids. `auction_id`, if sent, must be this one's."""

    amount: Amount
    lot_id: UUID | None = None
    auction_id: UUID | None = None
    currency: Annotated[Currency, Meta(description="If sent, it must be the auction's.")] | None = None


async def hear(auction_id: UUID, visitor: Viewer | None, said: PlaceBidHere) -> Struct:
    """Refused with the same codes as over HTTP."""
    received_at = clock.now()
    if visitor is None:
        raise NotSignedIn("Sign in to bid.")
    if said.auction_id not in (None, auction_id):
        raise ValidationFailed.of("auction_id", "This is another auction's room.")
    request = BidRequest(bidder_id=visitor.id, amount=said.amount, received_at=received_at, currency=said.currency)
    return bid_accepted(await bid_queue.submit(LotRef(auction_id, said.lot_id), request))


@websocket("/ws/auction/{auction_id:uuid}")
async def auction_room(socket: Socket, auction_id: FromPath[UUID]) -> None:
    async def enter(visitor: Viewer | None) -> Room:
        await check_visible(auction_id, visitor)
        return Room(
            name=room(auction_id), snapshot=partial(room_snapshot, auction_id), shared=True,
            hears=PlaceBidHere, hear=partial(hear, auction_id, visitor), presence=True,
        )  # fmt: skip

    await serve(socket, enter)


ROOMS: list[ControllerRouterHandler] = [auction_room]
