"""What a gig needs before others see it."""

from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.gigs.errors import NotComplete
from marketplace.gigs.rules import MEDIA_REQUIRED, MIN_DESCRIPTION

HAS: Final = """SELECT length(g.description) AS said, g.category IS NOT NULL AS is_filed, g.starting_minor IS NOT NULL AS is_priced,
  EXISTS (SELECT FROM gig_media m WHERE m.gig = g.id AND m.kind IN ('image', 'video')) AS is_seen FROM gigs g WHERE g.id = $1"""


async def check_complete(gig_id: UUID) -> None:
    """Raises NotComplete naming everything that is missing."""
    row = await db.fetch_row(HAS, gig_id)
    assert row is not None, "it is locked"
    least = await MIN_DESCRIPTION.value()
    missing: dict[str, list[str]] = {}
    if row["said"] < least:
        missing["description"] = [f"Describe it in {least} characters at least."]
    if not row["is_filed"]:
        missing["category"] = ["File it under a category."]
    if not row["is_priced"]:
        missing["packages"] = ["It needs a package."]
    if not row["is_seen"] and await MEDIA_REQUIRED.value():
        missing["media"] = ["It needs a picture or a video."]
    if missing:
        raise NotComplete(fields=missing, missing=sorted(missing))
