"""What is refused of coupons."""

from marketplace.core.errors import Conflict, NotFound, Unprocessable
from marketplace.shop.pricing.parts import RefusedCoupon


class CouponNotFound(NotFound):
    code = "coupon_not_found"
    default_message = "There is no such coupon."


class CodeTaken(Conflict):
    code = "code_taken"
    default_message = "This code is in use already."


class TooManyPromotions(Unprocessable):
    """`details.limit`: how many promotions without a code somebody runs at once."""

    code = "too_many_promotions"


class LimitBelowUses(Unprocessable):
    """`details.used`: how often it has been used. To end it, switch it off."""

    code = "limit_below_uses"


class CouponRefused(Conflict):
    """Nothing is ordered with a code that does not apply. `details.coupon`: the code; `details.reason`: a `CouponRefusal`."""

    code = "coupon_refused"

    @classmethod
    def of(cls, refused: RefusedCoupon) -> "CouponRefused":
        return cls(
            refused.message, fields={"coupon_codes": [refused.message]}, coupon=refused.code, reason=refused.reason.value,
            **refused.details,
        )  # fmt: skip


class CouponChanged(Conflict):
    """Its terms are others than when the price was worked out."""

    code = "coupon_changed"
    default_message = "A coupon has just been changed. Look at the price again."
