"""What the desk reads beside the case itself: the queue, what else is known of the order, and who the sides are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db
from marketplace.core.envelope import Page
from marketplace.core.money import to_text
from marketplace.disputes import packs
from marketplace.disputes.queries.staff import QUEUE, list_queue
from marketplace.disputes.schemas.staff import StaffDisputeRow
from marketplace.ledger.schemas import Posting
from marketplace.media.queries import get_many
from marketplace.media.schemas import MediaOut, media_out
from marketplace.orders.queries.money import NAMES, SAID, TO_THE_SELLER

SIDES: Final = """
SELECT u.id, u.username, u.status, u.created_at, u.id = o.buyer AS is_buyer, a.id AS assignee, a.username AS assignee_name,
  (SELECT count(*) FROM orders x WHERE x.buyer = u.id AND x.phase = 'completed') AS bought,
  (SELECT count(*) FROM orders x WHERE x.seller = u.id AND x.phase = 'completed') AS sold,
  (SELECT count(*) FROM disputes x WHERE x.opener = u.id) AS disputes_opened,
  (SELECT count(*) FROM disputes x JOIN orders y ON y.id = x."order" WHERE u.id IN (y.buyer, y.seller)) AS disputes
FROM disputes d JOIN orders o ON o.id = d."order" JOIN users u ON u.id IN (o.buyer, o.seller) LEFT JOIN users a ON a.id = d.assignee
WHERE d.id = $1
"""

COUNTS: Final = """
SELECT count(*) FILTER (WHERE turn = 'staff') AS staff, count(*) FILTER (WHERE assignee = $1) AS mine,
  count(*) FILTER (WHERE turn = 'staff' AND assignee IS NULL) AS free, count(*) FILTER (WHERE due_at < now()) AS late,
  count(*) AS open
FROM disputes WHERE status NOT IN ('resolved', 'withdrawn')
"""


class Party(Struct, frozen=True, kw_only=True):
    """Who a side is to the house: orders completed, and disputes."""

    id: UUID
    username: str
    status: str
    created_at: datetime
    bought: int
    sold: int
    disputes: int
    disputes_opened: int


class Posted(Struct, frozen=True):
    at: datetime
    what: str
    lines: Sequence[tuple[str, str]]


class Background(Struct, frozen=True, kw_only=True):
    """`pack` is the evidence gathered by itself, as JSON types, and its hash; `files` are those of its work, by id, with links."""

    buyer: Party
    seller: Party
    assignee: UUID | None
    assignee_name: str | None
    pack: dict[str, Any]
    sha256: str
    postings: Sequence[Posted]
    files: dict[str, MediaOut]


async def queue(pairs: Sequence[tuple[str, str]], viewer_id: UUID, url: str) -> Page[StaffDisputeRow]:
    """A page of the queue, as the parameters of the REST list ask for it."""
    found = await list_queue(QUEUE.parse(pairs, url), viewer_id)
    assert found.data is not None, "a list has a page"
    return msgspec.convert(msgspec.json.decode(msgspec.json.encode(found.data)), Page[StaffDisputeRow])


async def counts(viewer_id: UUID) -> dict[str, int]:
    """How many cases each view has that says so."""
    row = await db.fetch_row(COUNTS, viewer_id)
    return dict(row or {})


async def background(dispute_id: UUID, viewer_id: UUID) -> Background:
    """Of a dispute that is there, for a moderator."""
    rows = await db.fetch(SIDES, dispute_id)
    sides = {
        row["is_buyer"]: Party(**{name: row[name] for name in Party.__struct_fields__}) for row in rows
    }  # fmt: skip
    gathered = await packs.gather(dispute_id)
    pack = msgspec.json.decode(gathered.text)
    return Background(
        buyer=sides[True], seller=sides[False], assignee=rows[0]["assignee"], assignee_name=rows[0]["assignee_name"],
        pack=pack, sha256=gathered.sha256, postings=_postings(msgspec.convert(pack["postings"], list[Posting])),
        files=await _files_of_work(pack["work"], viewer_id),
    )  # fmt: skip


async def _files_of_work(work: dict[str, Any] | None, viewer_id: UUID) -> dict[str, MediaOut]:
    """What was delivered, and what the buyer's answers hold."""
    if not work:
        return {}
    several = [*work["deliveries"], *work["requirements"]]
    found = await get_many([UUID(file["id"]) for one in several for file in one["files"]])
    return {str(media_id): media_out(media, viewer_id) for media_id, media in found.items()}


def _postings(postings: Sequence[Posting]) -> list[Posted]:
    return [
        Posted(
            one.event_at, SAID.get(one.reason, one.reason),
            [(NAMES[TO_THE_SELLER.get(line.kind, "other")], to_text(line.amount.minor, line.amount.currency)) for line in one.lines],
        )
        for one in postings
    ]  # fmt: skip
