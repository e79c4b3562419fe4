"""Finding products by words, whether few or most of them have the word."""

from typing import Final

from marketplace.core.pagination import Rows
from marketplace.shop.queries.rarity import narrow
from marketplace.shop.wording import tsquery

HAS: Final = "p.words @@ to_tsquery('simple', {})"
WITH_WORDS: Final = "SELECT x.id FROM products x WHERE x.words @@ to_tsquery('simple', {}) AND x.deleted_at IS NULL"


async def searched(rows: Rows, search: str | None) -> Rows:
    """The rows of `p` that have every word."""
    if search is None:
        return rows
    words = tsquery(search)
    return await narrow(rows, HAS, WITH_WORDS, words) if words else rows.where("false")
