"""How the statements of this package write what several of them show. `a` is the auction, `l` the lot, `s` the seller."""

from typing import Final

SOURCE: Final = """auctions a JOIN lots l ON l.auction = a.id AND l.position = 1 JOIN users s ON s.id = a.seller
  LEFT JOIN categories c ON c.id = a.category"""
COUNTED: Final = """auctions a LEFT JOIN lots l ON l.auction = a.id AND l.position = 1 LEFT JOIN users s ON s.id = a.seller
  LEFT JOIN categories c ON c.id = a.category"""
"""The same rows, for no row is ever missing; but what is joined by a unique key and not asked for costs nothing."""

VISIBLE: Final = "a.deleted_at IS NULL AND (a.status <> 'scheduled' OR a.starts_at IS NOT NULL OR a.seller = {})"
"""A listing that waits for its seller to activate it is nobody else's business. `{}`: the viewer's id or null."""

RESERVE_MET: Final = "(l.leader IS NOT NULL AND l.leader_max_minor >= coalesce(l.reserve_minor, 0))"
BUY_NOW_OPEN: Final = f"""(l.buy_now_minor IS NOT NULL AND l.status IN ('scheduled', 'active') AND
  CASE WHEN l.reserve_minor IS NULL THEN l.leader IS NULL ELSE NOT {RESERVE_MET} END)"""
MINIMUM: Final = """(CASE WHEN l.leader IS NULL THEN l.start_minor
  ELSE l.price_minor + bid_increment(a.increments, l.price_minor) END)"""

PERSON: Final = "json_build_object('id', s.id, 'username', s.username)"
CATEGORY: Final = "CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) END"


def name(user: str, number: str) -> str:
    """What a bidder is called in public; `{}` says whether names are shown."""
    return f"CASE WHEN {{}}::boolean THEN {user} ELSE 'bidder ' || {number} END"
