"""Finding products by words, whether few or most of them have the word."""

from typing import Any, Final

from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.core.rarity import narrow
from marketplace.core.words import tsquery

KEY: Final = "p.id"
HAS: Final = "coalesce(p.words @@ to_tsquery('simple', (SELECT {}::text)), false)"  # looked at, and not looked up
WITH_WORDS: Final = (
    "SELECT x.id FROM products x WHERE x.words @@ to_tsquery('simple', (SELECT {}::text)) AND x.deleted_at IS NULL"
)
RELEVANCE: Final = "relevance"
RANK: Final = Order("(-round(1000000 * ts_rank(p.words, asked.words)))::integer", "integer")
"""The best first: words of a name or SKU weigh more than those of a description. A whole number, so that a cursor has it exactly."""


def ranked(listing: ListQuery[Any], source: str) -> Rows:
    """Rows of a source, with the words that were asked for beside them if their rank is to order them.

    To no words everything is as relevant, and what is as relevant is ordered by id.
    """
    if all(sort.name != RELEVANCE for sort in listing.sorts):
        return listing.rows(source)
    words = tsquery(listing.search or "")
    return listing.rows(f"{source} CROSS JOIN to_tsquery('simple', (SELECT {{}}::text)) AS asked(words)", words)


async def searched(rows: Rows, search: str | None) -> Rows:
    """The rows of `p` that have every word."""
    if search is None:
        return rows
    words = tsquery(search)
    return await narrow(rows, KEY, HAS, WITH_WORDS, words) if words else rows.where("false")
