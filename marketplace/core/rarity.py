"""Filters that few things pass, and filters that many pass.

Postgres does not know which of the two a word, a category or a tag is: a statement is planned for all of its values. Of what many
have, those in the wanted order are walked until the page is full; of what few have, these few are fetched and sorted. Either way
is a hundred times slower for the other kind.
"""

from time import monotonic
from typing import Any, Final

from marketplace.core import db
from marketplace.core.pagination import Rows

COMMON: Final = 3_000
"""So many things and more are many."""
KNOWN_SECONDS: Final = 600.0
MOST_KNOWN: Final = 4_096

_known: dict[tuple[str, tuple[Any, ...]], tuple[float, bool]] = {}


async def narrow(rows: Rows, key: str, walked: str, fetched: str, *values: Any) -> Rows:
    """The rows that pass a filter, said in two ways with the same `values`. `key`: the id of a row, such as `p.id`.

    `walked`: a condition on the row. `fetched`: a statement of the ids; an index must answer it. Costs a statement more when this
    process has not met these values of late.
    """
    if await are_many(fetched, *values):
        return rows.where(walked, *values)
    return rows.where(f"{key} = ANY(ARRAY({fetched}))", *values)


async def are_many(fetched: str, *values: Any) -> bool:
    """Whether a statement finds many."""
    until, many = _known.get((fetched, values), (0.0, False))
    if monotonic() >= until:
        many = await db.fetch_val(_counting(fetched), *values) >= COMMON
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[fetched, values] = (monotonic() + KNOWN_SECONDS, many)
    return many


def _counting(fetched: str) -> str:
    """One that stops at so many."""
    parts = fetched.split("{}")
    numbered = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], start=1)) + parts[-1]
    return f"SELECT count(*) FROM (SELECT FROM ({numbered}) AS every LIMIT {COMMON}) AS found"  # noqa: S608 - of statements of our own
