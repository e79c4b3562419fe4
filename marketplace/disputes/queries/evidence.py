"""The evidence of a dispute for staff who take it with them: the pack, as it is or as a decision was made on it, and its files."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.disputes import packs
from marketplace.disputes.errors import DisputeNotFound, OwnDispute
from marketplace.disputes.packs import Pack
from marketplace.media.schemas import Rendition

MOST_DECISIONS: Final = 99
OF_CASE: Final = """
SELECT o.number, o.buyer, o.seller, c.pack::text AS pack, c.pack_sha256 FROM disputes d JOIN orders o ON o.id = d."order"
LEFT JOIN dispute_decisions c ON c.dispute = d.id AND c.number = $2 WHERE d.id = $1
"""
FILES: Final = """
SELECT m.id, m.filename, m.byte_size, m.sha256, m.state, m.renditions::text AS renditions, x.kind,
  CASE WHEN m.owner = o.buyer THEN 'buyer' WHEN m.owner = o.seller THEN 'seller' ELSE 'staff' END AS by
FROM disputes d JOIN orders o ON o.id = d."order" CROSS JOIN LATERAL (
  SELECT d.id AS subject, 'evidence' AS kind
  UNION ALL SELECT v.id, 'delivery' FROM deliveries v WHERE v.engagement = o.id
  UNION ALL SELECT q.id, 'brief' FROM engagement_requirements q WHERE q.engagement = o.id) x
JOIN media m ON m.purpose = x.kind AND m.subject = x.subject AND m.state <> 'removed'
WHERE d.id = $1 ORDER BY x.kind DESC, m.created_at, m.id
"""


class Case(Struct, frozen=True):
    """`pack` of the order `number`."""

    number: str
    pack: Pack


class File(Struct, frozen=True, kw_only=True):
    """Something that a side has shown or handed over. `key` is where its bytes lie as they were sent; None while it is worked on."""

    name: str
    byte_size: int
    sha256: str
    state: str
    key: str | None


async def get_evidence(dispute_id: UUID, viewer_id: UUID, decision: int | None = None) -> Case:
    """As it is now, or as it was for the decision of this number.

    Raises ValidationFailed, DisputeNotFound (also without such a decision), OwnDispute.
    """
    if decision is not None and not 1 <= decision <= MOST_DECISIONS:
        raise ValidationFailed.of("decision", f"1 to {MOST_DECISIONS}.")
    row = await db.fetch_row(OF_CASE, dispute_id, decision)
    if row is None or (decision is not None and row["pack"] is None):
        raise DisputeNotFound
    if viewer_id in (row["buyer"], row["seller"]):
        raise OwnDispute
    if row["pack"] is None:
        return Case(row["number"], await packs.gather(dispute_id))
    return Case(row["number"], Pack(packs.canonical(row["pack"]).decode(), row["pack_sha256"]))


async def get_files(dispute_id: UUID) -> list[File]:
    """Evidence first, then what was delivered and what the work was begun with; each by a name of its own."""
    rows = await db.fetch(FILES, dispute_id)
    return [
        File(
            name=f"files/{number:03}-{row['kind']}-{row['by']}-{row['filename'] or 'file'}", byte_size=row["byte_size"],
            sha256=row["sha256"], state=row["state"], key=_original(row["renditions"]),
        )
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip


def _original(renditions: str) -> str | None:
    made = msgspec.json.decode(renditions, type=list[Rendition])
    return next((one.key for one in made if one.name == "original"), None)
