"""The standing of sellers: worked out from their orders and ratings, a seller at a time or all of them from nothing."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from marketplace.accounts.house import HOUSE
from marketplace.core import clock, db, timers
from marketplace.orders import promises
from marketplace.orders import rules as order_rules
from marketplace.orders.tiers import WINDOW
from marketplace.reviews import rules
from marketplace.reviews.levels import Record, TopTier, level_of

TIMER: Final = "reviews.standing"
"""Its key is the seller's id: however much happens to them, it is worked out anew once a moment."""
PACE: Final = timedelta(seconds=1)
BATCH: Final = 200
FIGURES: Final = (
    "completed_orders", "cancelled_orders", "promised_orders", "kept_orders", "asked_orders", "answered_orders",
    "year_completed", "year_refunded",
)  # fmt: skip

OVER: Final = "o.phase IN ('completed', 'cancelled') AND o.paid_at IS NOT NULL"
FAILED: Final = """o.phase = 'cancelled' AND (o.kept IS FALSE OR EXISTS (SELECT FROM order_history h WHERE h."order" = o.id
    AND h.to_status = o.status AND h.from_status <> h.to_status AND h.actor = o.seller))"""
WITHIN_A_YEAR: Final = "o.phase = 'completed' AND o.created_at > {as_of} - interval '" + str(WINDOW.days) + " days'"


def live(which: str, as_of: str) -> str:
    """SQL: the figures of sellers as their orders say, of orders `o` that `which` chooses; the year ends at `as_of`."""
    year = WITHIN_A_YEAR.replace("{as_of}", as_of)
    return f"""SELECT o.seller, count(*) FILTER (WHERE o.phase = 'completed')::int AS completed_orders,
      count(*) FILTER (WHERE {FAILED})::int AS cancelled_orders,
      count(o.kept) FILTER (WHERE o.phase = 'completed')::int AS promised_orders,
      count(*) FILTER (WHERE o.phase = 'completed' AND o.kept)::int AS kept_orders,
      count(o.asked)::int AS asked_orders, count(o.answered)::int AS answered_orders,
      round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM o.answered - o.asked) / 60))::int AS response_minutes,
      count(*) FILTER (WHERE {year})::int AS year_completed,
      count(*) FILTER (WHERE {year} AND o.refunded_minor > 0)::int AS year_refunded
    FROM (SELECT o.id, o.seller, o.phase, o.status, o.created_at, o.refunded_minor, {promises.kept_sql()} AS kept,
        {promises.asked_sql()} AS asked, {promises.answered_sql()} AS answered
      FROM orders o WHERE {OVER} AND {which}) AS o
    GROUP BY o.seller"""


SELLERS: Final = """
SELECT seller FROM (SELECT seller FROM seller_standings UNION SELECT seller FROM orders WHERE paid_at IS NOT NULL) AS known
WHERE seller > $1 AND seller <> $2 ORDER BY seller LIMIT $3
"""
MISSING: Final = """
INSERT INTO seller_standings (seller, level, completed_orders, cancelled_orders, promised_orders, kept_orders, asked_orders,
  answered_orders, year_completed, year_refunded, computed_at)
SELECT seller, 'new', 0, 0, 0, 0, 0, 0, 0, 0, $2 FROM unnest($1::uuid[]) AS seller ORDER BY seller ON CONFLICT DO NOTHING
"""
WRITE: Final = """
UPDATE seller_standings s SET level = n.level, completed_orders = n.completed, cancelled_orders = n.cancelled,
  promised_orders = n.promised, kept_orders = n.kept, asked_orders = n.asked, answered_orders = n.answered,
  year_completed = n.year_completed, year_refunded = n.year_refunded, response_minutes = n.minutes, computed_at = $12
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::int[])
  AS n(seller, level, completed, cancelled, promised, kept, asked, answered, year_completed, year_refunded, minutes)
WHERE s.seller = n.seller
"""
NOBODY: Final = UUID(int=0)


async def changed(seller_id: UUID) -> None:
    """Something about a seller's record is different: have it worked out anew, at most once in every PACE."""
    if seller_id == HOUSE:
        return
    last = await db.fetch_val("SELECT computed_at FROM seller_standings WHERE seller = $1", seller_id)
    now = clock.now()
    await timers.schedule(TIMER, seller_id, max(now, last + PACE) if last else now)


async def recompute(sellers: Collection[UUID]) -> None:
    """Write the standing of these sellers as it is now. Who computes last has seen everything that was committed before."""
    top = TopTier(least=await order_rules.TOP_ORDERS.value(), percent=await order_rules.TOP_REFUND_PERCENT.value())
    demands = await rules.LEVELS.value()
    async with db.transaction():
        now, ids = clock.now(), sorted(sellers)
        await db.execute(MISSING, ids, now)
        await db.fetch(
            "SELECT seller FROM seller_standings WHERE seller = ANY($1::uuid[]) ORDER BY seller FOR UPDATE", ids
        )
        records = await _records(ids, now)
        await db.execute(
            WRITE,
            ids, [level_of(record, demands, top).value for record in records],
            *([getattr(record, name) for record in records] for name in (*FIGURES, "response_minutes")), now,
        )  # fmt: skip


async def _records(sellers: Sequence[UUID], now: object) -> list[Record]:
    """In the order of `sellers`; who has nothing to show has zeros."""
    figures = ", ".join(f"coalesce(f.{name}, 0) AS {name}" for name in FIGURES)
    rows = await db.fetch(
        f"SELECT {figures}, f.response_minutes, coalesce(u.seller_sum, 0) AS rating_sum, coalesce(u.seller_count, 0) AS rating_count "
        f"FROM unnest($1::uuid[]) AS x(seller) LEFT JOIN ({live('o.seller = ANY($1::uuid[])', '$2::timestamptz')}) AS f "
        'ON f.seller = x.seller LEFT JOIN user_ratings u ON u."user" = x.seller ORDER BY x.seller',
        list(sellers), now,
    )  # fmt: skip
    return [msgspec.convert(dict(row), Record) for row in rows]


async def recompute_all() -> int:
    """Everybody's, from nothing, some at a time, each lot a transaction of its own. Returns how many there are."""
    done, after = 0, NOBODY
    while sellers := [row["seller"] for row in await db.fetch(SELLERS, after, HOUSE, BATCH)]:
        await recompute(sellers)
        done, after = done + len(sellers), sellers[-1]
    return done
