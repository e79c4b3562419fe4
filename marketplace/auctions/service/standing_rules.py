"""The auto-bid rules of a locked lot, as a batch of bids changes them."""

from uuid import UUID

from msgspec import Struct

from marketplace.auctions.errors import MaximumNotRaised, RuleExists, RuleNotFound
from marketplace.auctions.locks import LockedLot
from marketplace.core import clock, db
from marketplace.core.money import to_text


class RuleChange(Struct, frozen=True):
    """Make a rule with this id, or raise the one that has it."""

    id: UUID
    is_new: bool


class LotRules:
    """Each bidder's active rule on one lot. The lot's lock guards them."""

    def __init__(self, lot: LockedLot, active: dict[UUID, tuple[UUID, int]]) -> None:
        self._lot = lot
        self._active = active
        self._changed: set[UUID] = set()

    @classmethod
    async def read(cls, lot: LockedLot, bidder_ids: set[UUID]) -> "LotRules":
        if not bidder_ids:
            return cls(lot, {})
        rows = await db.fetch(
            "SELECT id, bidder, max_minor FROM auto_bid_rules "
            "WHERE lot = $1 AND bidder = ANY($2::uuid[]) AND status = 'active'",
            lot.id, list(bidder_ids),
        )  # fmt: skip
        return cls(lot, {row["bidder"]: (row["id"], row["max_minor"]) for row in rows})

    def check(self, change: RuleChange, bidder_id: UUID, max_minor: int, field: str) -> None:
        """Raises RuleExists, RuleNotFound, or MaximumNotRaised."""
        held = self._active.get(bidder_id)
        if change.is_new:
            if held is not None:
                raise RuleExists
            return
        if held is None or held[0] != change.id:
            raise RuleNotFound
        if max_minor <= held[1]:
            maximum = to_text(held[1], self._lot.currency)
            told = f"Your auto-bid is {maximum} {self._lot.currency} already; it can only be raised."
            raise MaximumNotRaised(told, fields={field: [told]}, current_maximum=maximum, currency=self._lot.currency)

    def set(self, change: RuleChange, bidder_id: UUID, max_minor: int) -> None:
        self._active[bidder_id] = (change.id, max_minor)
        self._changed.add(bidder_id)

    async def save(self) -> None:
        changed = [(*self._active[bidder_id], bidder_id) for bidder_id in self._changed]
        if not changed:
            return
        await db.execute(
            "INSERT INTO auto_bid_rules (id, lot, bidder, max_minor, status, created_at, updated_at) "
            "SELECT i, $1, b, m, 'active', $2, $2 FROM unnest($3::uuid[], $4::bigint[], $5::uuid[]) AS t(i, m, b) "
            "ON CONFLICT (id) DO UPDATE SET max_minor = EXCLUDED.max_minor, updated_at = EXCLUDED.updated_at",
            self._lot.id, clock.now(), *(list(column) for column in zip(*changed, strict=True)),
        )  # fmt: skip
