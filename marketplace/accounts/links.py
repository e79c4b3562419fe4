"""Which accounts seem to be one person: the same device, postal address or phone. RULES: Auctions."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core import db

# A device is an address on the net together with what the browser says of itself. Either alone is shared by strangers
# (a café, a popular phone), and addresses of the machine itself or a private net say nothing at all.
LINKED = """
SELECT DISTINCT theirs."user" AS id, 'device' AS link
FROM sessions mine JOIN sessions theirs
  ON theirs.address = mine.address AND theirs.user_agent = mine.user_agent
WHERE mine."user" = $1 AND theirs."user" = ANY($2::uuid[]) AND mine.address <> '' AND mine.user_agent <> ''
  AND mine.address !~ '^(127\\.|10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|f[cde])'
UNION ALL
SELECT theirs.id, 'phone' FROM users mine JOIN users theirs ON theirs.phone_number = mine.phone_number
WHERE mine.id = $1 AND theirs.id = ANY($2::uuid[]) AND mine.phone_number <> ''
"""


async def linked_to(user_id: UUID, others: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Which of `others` share something with this account, and what: `device`, `phone`."""
    rows = await db.fetch(LINKED, user_id, list(others))
    found: dict[UUID, list[str]] = {}
    for row in rows:
        if row["id"] != user_id:
            found.setdefault(row["id"], []).append(row["link"])
    return found
