"""The one function that writes what changes in the work under an order."""

from typing import Any

from msgspec import structs

from marketplace.core import clock, db
from marketplace.engagements.schemas.work import LockedEngagement

COLUMNS = frozenset(LockedEngagement.__struct_fields__) - {"id", "gig", "package", "offer"}


async def record(work: LockedEngagement, /, **columns: Any) -> LockedEngagement:
    """Set columns of the work under a locked order. Returns it as it is then."""
    if unknown := columns.keys() - COLUMNS:
        raise ValueError(f"engagements have no {', '.join(sorted(unknown))} to change")
    places = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 3))
    await db.execute(
        f"UPDATE engagements SET updated_at = $2, {places} WHERE id = $1",
        work.id,
        clock.now(),
        *columns.values(),
    )
    return structs.replace(work, **columns)
