"""What must always be true of reviews, ratings and standings. Ratings that are wrong are put right by `service.rating`."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.accounts.house import HOUSE
from marketplace.core import db, invariants
from marketplace.orders import reviewing
from marketplace.orders.reviewing import CLIENT
from marketplace.reviews.service.rating import COUNTS, OF_PERSONS
from marketplace.reviews.service.standing import FIGURES, TIMER, live

BROKEN: Final = {
    "a person is rated as their reviews rate them": f"""
        SELECT coalesce(u."user", r."user") AS id FROM user_ratings u FULL JOIN ({OF_PERSONS}) AS r ON r."user" = u."user"
        WHERE (coalesce(u.seller_sum, 0), coalesce(u.seller_count, 0), coalesce(u.client_sum, 0), coalesce(u.client_count, 0))
          <> (coalesce(r.seller_sum, 0), coalesce(r.seller_count, 0), coalesce(r.client_sum, 0), coalesce(r.client_count, 0))""",
    "a review is by one side of a completed order, of the other": f"""
        SELECT r.id FROM reviews r JOIN order_lines l ON l.id = r.order_line JOIN orders o ON o.id = l."order"
        WHERE o.id <> r."order" OR o.phase <> 'completed'
          OR CASE r.kind WHEN '{CLIENT}' THEN (o.seller, o.buyer) ELSE (o.buyer, o.seller) END <> (r.author, r.reviewee)""",
    "what one side said is public when the other has spoken": f"""
        SELECT r.id FROM reviews r WHERE r.blind_until IS NOT NULL AND EXISTS (SELECT FROM reviews x WHERE x."order" = r."order"
          AND (x.kind = '{CLIENT}') <> (r.kind = '{CLIENT}'))""",
    "silence has an end": """
        SELECT r.id FROM reviews r WHERE r.blind_until IS NOT NULL
          AND NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'reviews.reveal' AND t.key = r."order"::text)""",
}
"""Each statement returns the ids that break its rule."""


def of_kinds() -> dict[str, str]:
    """The rules of each kind of review, in the words of its way to sell."""
    rules = {}
    for kind, one in sorted(reviewing.all_kinds().items()):
        rules[f"a review of kind {kind} is of what was bought"] = f"""
            SELECT r.id FROM reviews r JOIN order_lines l ON l.id = r.order_line JOIN orders o ON o.id = l."order"
            WHERE r.kind = '{kind}' AND (o.kind <> '{one.order_kind}' OR {one.subject} IS DISTINCT FROM r.subject)"""
        if one.ratings:
            rules[f"a {kind} is rated as its reviews rate it"] = f"""
                SELECT s.id FROM ({one.ratings}) AS s LEFT JOIN reviews r ON r.kind = '{kind}' AND r.subject = s.id AND {COUNTS}
                GROUP BY s.id, s.rating_sum, s.rating_count
                HAVING (s.rating_sum, s.rating_count) <> (coalesce(sum(r.rating), 0), count(r.id))"""
    return rules


def standings() -> str:
    """The sellers whose standing is not what their orders say, but for those whose news are on the way."""
    own = ", ".join(f"coalesce(s.{name}, 0)" for name in FIGURES)
    said = ", ".join(f"coalesce(f.{name}, 0)" for name in FIGURES)
    as_of = "coalesce((SELECT c.computed_at FROM seller_standings c WHERE c.seller = o.seller), now())"
    return f"""SELECT coalesce(s.seller, f.seller) AS id
      FROM (SELECT * FROM seller_standings WHERE seller <> '{HOUSE}') AS s
      FULL JOIN ({live(f"o.seller <> '{HOUSE}'", as_of)}) AS f ON f.seller = s.seller
      WHERE ({own}, s.response_minutes) IS DISTINCT FROM ({said}, f.response_minutes)
        AND NOT EXISTS (SELECT FROM timers t WHERE t.kind = '{TIMER}' AND t.key = coalesce(s.seller, f.seller)::text)
        AND NOT EXISTS (SELECT FROM outbox x WHERE x.handler LIKE 'reviews.handlers.%'
          AND x.body ->> 'seller_id' = coalesce(s.seller, f.seller)::text)"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN | of_kinds()):
        yield breach
    for row in await db.fetch(standings()):
        yield f"a seller's standing is what their orders say: {row['id']}"
