"""A lot's history as the rules read it, and whether its chain is whole."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from marketplace.auctions import chain
from marketplace.auctions.bidding import Recorded
from marketplace.auctions.errors import LotNotFound
from marketplace.auctions.states import BidKind
from marketplace.core import db


async def read_history(lot_id: UUID) -> list[Recorded]:
    """Every row of the lot's history, in order."""
    rows = await db.fetch(
        "SELECT seq, kind, bidder, max_minor, received_at, target_seq FROM bids WHERE lot = $1 ORDER BY seq", lot_id
    )
    return [
        Recorded(
            seq=row["seq"], kind=BidKind(row["kind"]), bidder=row["bidder"], max_minor=row["max_minor"],
            at=row["received_at"], target_seq=row["target_seq"],
        )
        for row in rows
    ]  # fmt: skip


class ChainReport(Struct, frozen=True, kw_only=True):
    """Whether a lot's history is as it was written. `broken_at` is the first row that is not, `why` in words."""

    lot_id: UUID
    intact: bool
    length: int
    head: str
    broken_at: int | None = None
    why: str | None = None


async def verify_chain(lot_id: UUID) -> ChainReport:
    """Work the chain out again from its rows: every hash, every commitment, and the head kept on the lot."""
    head = await db.fetch_row("SELECT chain_seq, chain_hash FROM lots WHERE id = $1", lot_id)
    if head is None:
        raise LotNotFound
    prev_hash, seq = "", 0
    for row in await db.fetch(
        "SELECT * FROM bids WHERE lot = $1 AND seq <= $2 ORDER BY seq", lot_id, head["chain_seq"]
    ):
        seq += 1
        why = _fault(dict(row), seq, prev_hash)
        if why is not None:
            return ChainReport(
                lot_id=lot_id, intact=False, length=head["chain_seq"], head=head["chain_hash"], broken_at=seq, why=why
            )
        prev_hash = row["hash"]
    whole = (seq, prev_hash) == (head["chain_seq"], head["chain_hash"])
    return ChainReport(
        lot_id=lot_id, intact=whole, length=head["chain_seq"], head=head["chain_hash"],
        broken_at=None if whole else seq + 1, why=None if whole else "Rows at the end are missing or were changed.",
    )  # fmt: skip


def _fault(row: dict[str, Any], seq: int, prev_hash: str) -> str | None:
    if row["seq"] != seq:
        return f"Row {seq} is missing."
    if row["prev_hash"] != prev_hash:
        return "It does not follow the row before."
    if link_of(row).after(prev_hash) != row["hash"]:
        return "Its fields do not give its hash."
    if chain.commitment(row["salt"], row["bidder"], row["max_minor"]) != row["commitment"]:
        return "Its bidder or maximum is not the one committed to."
    return None


def link_of(row: dict[str, Any]) -> chain.Link:
    """The public fields of a stored row."""
    return chain.Link(
        lot_id=row["lot"], seq=row["seq"], kind=row["kind"], bidder=row["bidder_no"], leader=row["leader_no"],
        price_before=row["price_before"], price_after=row["price_after"], target_seq=row["target_seq"],
        reason=row["reason"], received_at=row["received_at"], placed_at=row["placed_at"],
        commitment=row["commitment"],
    )  # fmt: skip
