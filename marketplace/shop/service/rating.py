from uuid import UUID

from marketplace.core import db
from marketplace.shop.freshness import products_changed


async def move_rating(product_id: UUID, *, rating: int, count: int) -> None:
    """Add to what a product was rated in sum, and how often. Belongs into the transaction that has the product locked."""
    await db.execute(
        "UPDATE products SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE id = $1",
        product_id, rating, count,
    )  # fmt: skip
    products_changed()
