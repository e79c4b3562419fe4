from litestar import Controller


class AutoBidController(Controller):
    path = "/auto-bids"
    tags = ("Auto-bids",)
