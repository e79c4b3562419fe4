"""Products among what is reviewed: by who bought one and received it, once each; the product's row keeps the rating."""

from uuid import UUID

from marketplace.core import db
from marketplace.orders import reviewing
from marketplace.orders.reviewing import Reviewed
from marketplace.shop.errors import ProductNotFound
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.queries.locking import lock_product
from marketplace.shop.service.rating import move_rating


class ProductReviews:
    kind = "product"
    order_kind = KIND
    both_sides = False
    subject = "(SELECT v.product FROM product_variants v WHERE v.id = l.subject)"
    ratings = "SELECT id, rating_sum, rating_count FROM products"

    async def lock(self, subject_id: UUID) -> Reviewed:
        product = await lock_product(subject_id)
        return Reviewed(id=product.id, seller=product.seller, name=product.name)

    async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
        await move_rating(subject_id, rating=rating, count=count)

    async def check_seen(self, subject_id: UUID) -> None:
        if not await db.fetch_val(
            "SELECT true FROM products WHERE id = $1 AND status = 'active' AND deleted_at IS NULL", subject_id
        ):
            raise ProductNotFound


reviewing.register(ProductReviews())
