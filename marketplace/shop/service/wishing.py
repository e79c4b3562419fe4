from uuid import UUID

from marketplace.core import db


async def toggle(user_id: UUID, product_id: UUID) -> bool:
    """Put a product on somebody's wishlist, or take it off where it is on it. Returns whether it is on it now."""
    async with db.transaction():
        # Two at the same moment are one after the other: on, then off.
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"wish:{user_id}:{product_id}")
        if await db.execute('DELETE FROM product_wishes WHERE "user" = $1 AND product = $2', user_id, product_id):
            return False
        await db.execute(
            'INSERT INTO product_wishes ("user", product, created_at) VALUES ($1, $2, clock_timestamp())',
            user_id, product_id,
        )  # fmt: skip
        return True
