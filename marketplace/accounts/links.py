"""Which accounts seem to be one person. RULES: Auctions (same device, card or address).

`device` and `address` (postal) are grounds to refuse; `network` and `phone` are only worth a look: strangers share a café,
and anybody can type in a number.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from marketplace.core import db

GROUNDS: Final = frozenset({"device", "address"})

# A device is an address on the net together with what the browser says of itself. Addresses of the machine itself, or of
# a private net, say nothing at all.
STATEMENT: Final = r"""
WITH pairs AS (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS p(one, other) WHERE one <> other),
places AS (
  SELECT "user", country_code,
    regexp_replace(lower(street_address || apartment || zip_code), '[\s,.#-]', '', 'g') AS place
  FROM addresses WHERE "user" = ANY($1::uuid[]) OR "user" = ANY($2::uuid[])
)
SELECT DISTINCT p.one, p.other,
  CASE WHEN s.user_agent = t.user_agent AND s.user_agent <> '' THEN 'device' ELSE 'network' END AS link
FROM pairs p JOIN sessions s ON s."user" = p.one JOIN sessions t ON t."user" = p.other AND t.address = s.address
WHERE s.address !~ '^(127\.|10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|::1$|f[cde]|$)'
UNION
SELECT p.one, p.other, 'address' FROM pairs p JOIN places a ON a."user" = p.one
  JOIN places b ON b."user" = p.other AND b.country_code = a.country_code AND b.place = a.place
UNION
SELECT p.one, p.other, 'phone' FROM pairs p JOIN users u ON u.id = p.one
  JOIN users v ON v.id = p.other AND v.phone_number = u.phone_number WHERE u.phone_number <> ''
"""


async def links_between(pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], list[str]]:
    """What the two accounts of each pair share; pairs that share nothing are left out."""
    found: dict[tuple[UUID, UUID], list[str]] = {}
    if pairs:
        for row in await db.fetch(STATEMENT, [one for one, _ in pairs], [other for _, other in pairs]):
            found.setdefault((row["one"], row["other"]), []).append(row["link"])
    return {pair: sorted(links) for pair, links in found.items()}


async def linked_to(user_id: UUID, others: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Which of `others` share with this account what is grounds to refuse, and what."""
    found = await links_between([(user_id, other) for other in others])
    grounds = {other: [link for link in links if link in GROUNDS] for (_, other), links in found.items()}
    return {other: links for other, links in grounds.items() if links}
