"""What must always be true of subscriptions. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from marketplace.core import db, invariants
from marketplace.subscriptions.states import SUBSCRIPTION, SubscriptionStatus

BROKEN: Final = {
    "a charge stands as its order does": """
        SELECT c.id FROM subscription_charges c LEFT JOIN orders o ON o.id = c."order"
        WHERE o.id IS NULL OR o.total_minor <> c.amount_minor OR (c.status = 'open') <> (o.phase = 'unpaid')
          OR (c.status = 'void' AND o.phase <> 'cancelled') OR (c.status = 'paid' AND o.captured_minor <> o.total_minor)""",
    "a subscription that grants something was paid for": """
        SELECT s.id FROM subscriptions s WHERE (s.anchor_at IS NOT NULL) <> EXISTS (
          SELECT FROM subscription_charges c WHERE c.subscription = s.id AND c.kind = 'start' AND c.status = 'paid')
          OR (s.status IN ('active', 'past_due') AND s.period_end IS NULL)""",
    "what is granted is what was paid last": """
        SELECT s.id FROM subscriptions s JOIN LATERAL (SELECT plan, premium, price_minor, months FROM subscription_charges c
          WHERE c.subscription = s.id AND c.status = 'paid' ORDER BY c.closed_at DESC, c.id DESC LIMIT 1) c ON true
        WHERE (s.plan, s.premium, s.price_minor, s.months) <> (c.plan, c.premium, c.price_minor, c.months)""",
    "periods are counted from their anchor": """
        SELECT id FROM subscriptions WHERE period_start <> anchor_at + make_interval(months => months_done)
          OR (status IN ('active', 'past_due') AND period_end <> anchor_at + make_interval(months => months_done + months))""",
    "a period is renewed once": """
        SELECT min(c.id::text) AS id FROM subscription_charges c WHERE c.kind = 'renewal' AND c.status = 'paid'
        GROUP BY c.subscription, c.period_start HAVING count(*) > 1""",
    "what has ended has nothing open": """
        SELECT s.id FROM subscriptions s WHERE s.status IN ('cancelled', 'expired') AND (s.ended_at IS NULL OR EXISTS (
          SELECT FROM subscription_charges c WHERE c.subscription = s.id AND c.status = 'open'))""",
    "a period that is over is being renewed": """
        SELECT s.id FROM subscriptions s WHERE s.status IN ('active', 'past_due') AND s.period_end < now() - interval '1 hour'
          AND NOT EXISTS (SELECT FROM subscription_charges c WHERE c.subscription = s.id AND c.status = 'open' AND c.kind = 'renewal')""",
}
"""Each statement returns the ids that break its rule."""

MOVES: Final[Sequence[tuple[str, str]]] = [
    ("", SubscriptionStatus.INCOMPLETE.value),
    *(
        (a.value, b.value)
        for a in SubscriptionStatus
        for b in SubscriptionStatus
        if a == b or SUBSCRIPTION.allows(a, b)
    ),
]

PATHS: Final = """
WITH steps AS (
  SELECT subscription, from_status, to_status, lag(to_status, 1, '') OVER one AS before, lead(id) OVER one IS NULL AS last
  FROM subscription_history WINDOW one AS (PARTITION BY subscription ORDER BY id)
), legal AS (SELECT * FROM unnest($1::text[], $2::text[]) AS t(from_status, to_status))
SELECT s.subscription AS id FROM steps s LEFT JOIN legal l USING (from_status, to_status)
WHERE l.to_status IS NULL OR s.before <> s.from_status
UNION SELECT x.id FROM subscriptions x LEFT JOIN steps s ON s.subscription = x.id AND s.last
WHERE s.to_status IS DISTINCT FROM x.status
"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
    for row in await db.fetch(PATHS, [move[0] for move in MOVES], [move[1] for move in MOVES]):
        yield f"every subscription's history is legal: {row['id']}"
