"""What must always be true of coupons. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

RULES: Final = {
    "a coupon counts the uses that were not given back": """
        SELECT c.id FROM coupons c LEFT JOIN coupon_uses u ON u.coupon = c.id AND u.given_back_at IS NULL
        GROUP BY c.id HAVING count(u.id) <> c.used_count""",
    "a coupon is used no more often than it may be, in all and by one customer": """
        SELECT c.id FROM coupons c WHERE c.used_count > c.max_uses UNION ALL
        SELECT u.id FROM coupon_uses u WHERE u.given_back_at IS NULL AND u.slot > u.most_each""",
    "a use is given back when, and only when, no order is cheaper for it any more": """
        SELECT id FROM coupon_uses WHERE (open_sellers = '[]') <> (given_back_at IS NOT NULL)""",
    "an order that a use is still open for is there, and was not cancelled": """
        SELECT u.id FROM coupon_uses u, jsonb_array_elements_text(u.open_sellers) AS seller WHERE NOT EXISTS (
          SELECT FROM orders o WHERE o.checkout = u.checkout AND o.seller = seller::uuid AND o.phase <> 'cancelled')""",
}


@invariants.check
async def coupon_violations() -> AsyncIterator[str]:
    async for breach in invariants.breaking(RULES):
        yield breach
