"""The HTTP side of auctions, by subject."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from marketplace.auctions.controllers.auctions import AuctionController
from marketplace.auctions.controllers.auto_bids import AutoBidController
from marketplace.auctions.controllers.bids import BidController
from marketplace.auctions.controllers.history import HistoryController
from marketplace.auctions.controllers.images import ImageController
from marketplace.auctions.controllers.sales import OfferController, SaleController, StrikeController
from marketplace.auctions.controllers.watching import WatchController

CONTROLLERS: Sequence[ControllerRouterHandler] = [
    AuctionController,
    AutoBidController,
    BidController,
    HistoryController,
    ImageController,
    OfferController,
    SaleController,
    StrikeController,
    WatchController,
]
