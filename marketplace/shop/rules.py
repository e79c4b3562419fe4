"""What staff may tune."""

from typing import Annotated

from msgspec import Meta

from marketplace.core import platform

VERIFIED_ONLY = platform.define("shop.verified_sellers_only", bool, True, "Only verified accounts may list products.")
RETURN_DAYS = platform.define(
    "shop.return_days", Annotated[int, Meta(ge=0, le=365)], 14, "How long after delivery goods may be sent back."
)
RETURN_ANSWER_DAYS = platform.define(
    "shop.return_answer_days", Annotated[int, Meta(ge=1, le=60)], 3,
    "A return that its seller has not answered for so long is approved.",
)  # fmt: skip
REFUND_SHIPPING = platform.define(
    "shop.refund_shipping", bool, True, "Give the shipping back, too, when everything of an order has been sent back."
)
