"""What the shop says of a person: to the copy of their data, and at their erasure. What they sell is archived by its own rules."""

from uuid import UUID

from marketplace.accounts import favorites, privacy
from marketplace.accounts.privacy import Obligation, changing, rows
from marketplace.core import db
from marketplace.shop.service.removing import take_down_all_of

favorites.target(
    "product",
    "SELECT p.name AS title, '/products/' || p.slug AS path FROM products p WHERE p.id = {id} AND p.status = 'active' "
    "AND p.deleted_at IS NULL",
)

privacy.exporter(
    "products",
    rows(
        "SELECT id, slug, name, description, sku, currency, price_minor, status, created_at FROM products "
        "WHERE seller = $1 ORDER BY id"
    ),
)
privacy.exporter("wishlist", rows('SELECT product, created_at FROM product_wishes WHERE "user" = $1 ORDER BY id'))
privacy.exporter(
    "cart",
    rows(
        "SELECT i.variant, i.quantity, i.saved_for_later, i.created_at FROM cart_items i JOIN carts c ON c.id = i.cart "
        'WHERE c."user" = $1 ORDER BY i.id'
    ),
)
privacy.exporter(
    "product_imports",
    rows(
        "SELECT id, filename, mode, status, total, done, created_at FROM product_imports WHERE seller = $1 ORDER BY id"
    ),
)
privacy.eraser("wishlist", changing('DELETE FROM product_wishes WHERE "user" = $1'))
privacy.eraser("cart", changing('DELETE FROM carts WHERE "user" = $1'))
privacy.eraser("product_imports", changing("DELETE FROM product_imports WHERE seller = $1"))
# What is for sale is taken down first; the products stay for the orders that name them, without what they cost their seller.
privacy.eraser("shop", take_down_all_of)
privacy.eraser("products", changing("UPDATE products SET status = 'archived', cost_minor = NULL WHERE seller = $1"))
privacy.exporter(
    "coupons",
    rows(
        "SELECT id, code, title, kind, percent_bps, amount_minor, currency, starts_at, ends_at, used_count, created_at "
        "FROM coupons WHERE seller = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "coupon_uses",
    rows(
        "SELECT u.coupon, c.title, u.checkout, u.discount_minor, u.currency, u.created_at, u.given_back_at "
        'FROM coupon_uses u JOIN coupons c ON c.id = u.coupon WHERE u."user" = $1 ORDER BY u.id'
    ),
)
privacy.eraser(
    "coupons", changing("UPDATE coupons SET is_active = false, version_at = now() WHERE seller = $1 AND is_active")
)
# Why money was given back is a financial record: it stays under the account's id, which names nobody after an erasure.
privacy.exporter(
    "returns",
    rows(
        'SELECT r.id, r."order", r.buyer = $1 AS as_buyer, r.status, r.reason, r.answer, r.amount_minor, r.shipping_minor, '
        "r.refunded_minor, o.currency, r.restocked, r.created_at, r.received_at, "
        "(SELECT json_agg(json_build_object('line', i.line, 'quantity', i.quantity, 'amount_minor', i.amount_minor) "
        "ORDER BY i.id) FROM order_return_lines i WHERE i.order_return = r.id) AS lines "
        'FROM order_returns r JOIN orders o ON o.id = r."order" WHERE $1 IN (r.buyer, r.seller) ORDER BY r.id'
    ),
)
privacy.exporter(
    "called_off_lines",
    rows(
        'SELECT c."order", c.line, c.quantity, c.amount_minor, c.refunded_minor, o.currency, c.reason, c.at '
        'FROM order_line_cancellations c JOIN orders o ON o.id = c."order" WHERE c.actor = $1 ORDER BY c.id'
    ),
)
privacy.exporter(
    "return_history",
    rows(
        "SELECT order_return, from_status, to_status, reason, at FROM order_return_history WHERE actor = $1 ORDER BY id"
    ),
)


async def _open_returns(user_id: UUID) -> list[Obligation]:
    found = await db.fetch(
        'SELECT r.id, o.number FROM order_returns r JOIN orders o ON o.id = r."order" '
        "WHERE $1 IN (r.buyer, r.seller) AND r.status IN ('requested', 'approved') ORDER BY r.id",
        user_id,
    )
    return [
        Obligation(
            kind="open_return", message=f"Something of order {row['number']} is being sent back.", path=f"/returns/{row['id']}"
        )
        for row in found
    ]  # fmt: skip


privacy.blocker("returns", _open_returns)
