"""What reviews come to: the rating of what they are about, and of the person. Moved with each review, and worked out from nothing."""

from typing import Final
from uuid import UUID

from marketplace.core import audit, db, outbox
from marketplace.orders import reviewing
from marketplace.orders.reviewing import CLIENT
from marketplace.reviews.errors import ReviewNotFound
from marketplace.reviews.events import SellerRated

COUNTS: Final = "r.hidden_at IS NULL AND r.blind_until IS NULL"
"""Whether a review is part of the ratings. One whose time has come becomes so within a moment; see `revealing`."""

MOVE: Final = """
INSERT INTO user_ratings AS u ("user", {side}_sum, {side}_count, {other}_sum, {other}_count)
SELECT $1, CASE WHEN $3 > 0 THEN $2 ELSE 0 END, greatest($3, 0), 0, 0
ON CONFLICT ("user") DO UPDATE SET {side}_sum = u.{side}_sum + $2, {side}_count = u.{side}_count + $3
"""
OF_SELLER: Final = MOVE.replace("{side}", "seller").replace("{other}", "client")
OF_CLIENT: Final = MOVE.replace("{side}", "client").replace("{other}", "seller")

OF_PERSONS: Final = f"""
SELECT r.reviewee AS "user",
  coalesce(sum(r.rating) FILTER (WHERE r.kind <> '{CLIENT}'), 0)::int AS seller_sum,
  count(*) FILTER (WHERE r.kind <> '{CLIENT}')::int AS seller_count,
  coalesce(sum(r.rating) FILTER (WHERE r.kind = '{CLIENT}'), 0)::int AS client_sum,
  count(*) FILTER (WHERE r.kind = '{CLIENT}')::int AS client_count
FROM reviews r WHERE {COUNTS} GROUP BY r.reviewee
"""


async def move(kind: str, subject_id: UUID, reviewee: UUID, *, rating: int, count: int) -> None:
    """Belongs into the transaction that has the subject locked; persons are moved in the order of their ids."""
    if kind == CLIENT:
        await db.execute(OF_CLIENT, reviewee, rating, count)
        return
    reviewable = reviewing.of_kind(kind)
    assert reviewable is not None, f"{kind!r} is reviewed, and nobody says what it is"
    await reviewable.move_rating(subject_id, rating=rating, count=count)
    await db.execute(OF_SELLER, reviewee, rating, count)
    await outbox.emit(SellerRated(seller_id=reviewee))


async def recompute(actor_id: UUID | None, kind: str, subject_id: UUID) -> bool:
    """Work out a subject's rating from its reviews. Returns whether it was wrong. Raises the NotFound of its way to sell."""
    reviewable = reviewing.of_kind(kind)
    if reviewable is None or not reviewable.ratings:
        raise ReviewNotFound(f"No ratings are kept of {kind!r}.")
    async with db.transaction():
        await reviewable.lock(subject_id)
        row = await db.fetch_row(
            "SELECT coalesce(sum(r.rating), 0)::int - s.rating_sum AS rating, count(r.id)::int - s.rating_count AS count "
            f"FROM ({reviewable.ratings}) AS s LEFT JOIN reviews r ON r.kind = $2 AND r.subject = s.id AND {COUNTS} "
            "WHERE s.id = $1 GROUP BY s.rating_sum, s.rating_count",
            subject_id, kind,
        )  # fmt: skip
        assert row is not None, "what was locked has a rating"
        if not (row["rating"] or row["count"]):
            return False
        await reviewable.move_rating(subject_id, rating=row["rating"], count=row["count"])
        await audit.record(
            actor=actor_id, action=f"{kind}.rating_recomputed", object_type=kind, object_id=str(subject_id),
            after={"rating_changed_by": row["rating"], "count_changed_by": row["count"]},
        )  # fmt: skip
        return True


async def recompute_persons() -> int:
    """Work out what every person was rated, from nothing. Returns how many were wrong."""
    async with db.transaction():
        await db.execute("LOCK TABLE user_ratings IN SHARE ROW EXCLUSIVE MODE")
        wrong: int = await db.fetch_val(
            f"""WITH live AS ({OF_PERSONS}), gone AS (
              DELETE FROM user_ratings u WHERE (u.seller_count > 0 OR u.client_count > 0)
                AND NOT EXISTS (SELECT FROM live WHERE live."user" = u."user") RETURNING u."user"
            ), put AS (
              INSERT INTO user_ratings AS u ("user", seller_sum, seller_count, client_sum, client_count)
              SELECT live."user", live.seller_sum, live.seller_count, live.client_sum, live.client_count FROM live
              ON CONFLICT ("user") DO UPDATE SET seller_sum = EXCLUDED.seller_sum, seller_count = EXCLUDED.seller_count,
                client_sum = EXCLUDED.client_sum, client_count = EXCLUDED.client_count
              WHERE (u.seller_sum, u.seller_count, u.client_sum, u.client_count)
                <> (EXCLUDED.seller_sum, EXCLUDED.seller_count, EXCLUDED.client_sum, EXCLUDED.client_count)
              RETURNING u."user"
            ) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)"""
        )
        return wrong
