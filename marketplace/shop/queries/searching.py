"""Finding products by words, whether few or most of them have the word.

Postgres does not know how rare a word is. Of one that many products have, those in the wanted order are walked until the page is
full; of one that few have, these few are fetched and sorted. Either way is a hundred times slower for the other kind.
"""

from time import monotonic
from typing import Final

from marketplace.core import db
from marketplace.core.pagination import Rows
from marketplace.shop.wording import tsquery

COMMON: Final = 3_000
"""So many products and more have a common word."""
KNOWN_SECONDS: Final = 600.0
MOST_KNOWN: Final = 4_096

HAS: Final = "p.words @@ to_tsquery('simple', {})"
FETCHED: Final = """p.id = ANY(ARRAY(SELECT x.id FROM products x
  WHERE x.words @@ to_tsquery('simple', {}) AND x.deleted_at IS NULL))"""
COUNT: Final = f"""SELECT count(*) FROM (SELECT FROM products x
  WHERE x.words @@ to_tsquery('simple', $1) AND x.deleted_at IS NULL LIMIT {COMMON}) AS found"""

_common: dict[str, tuple[float, bool]] = {}


async def searched(rows: Rows, search: str | None) -> Rows:
    """The rows of `p` that have every word. Costs a statement more when this process has not met the words of late."""
    if search is None:
        return rows
    words = tsquery(search)
    if not words:
        return rows.where("false")
    return rows.where(HAS if await _is_common(words) else FETCHED, words)


async def _is_common(words: str) -> bool:
    until, common = _common.get(words, (0.0, False))
    if monotonic() >= until:
        common = await db.fetch_val(COUNT, words) >= COMMON
        if len(_common) >= MOST_KNOWN:
            _common.clear()
        _common[words] = (monotonic() + KNOWN_SECONDS, common)
    return common
