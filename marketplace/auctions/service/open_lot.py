"""One lot, locked, while bids are resolved on it: collects rows and messages, then stores all of them at once."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from marketplace.auctions import bidding, chain, messages
from marketplace.auctions.bidding import Outcome, Standing
from marketplace.auctions.events import BidsPlaced, Placed
from marketplace.auctions.freshness import auctions_changed
from marketplace.auctions.locks import LockedLot
from marketplace.auctions.service import holds
from marketplace.auctions.states import BidKind
from marketplace.core import clock, db, live, outbox
from marketplace.core.ids import uuid7
from marketplace.core.money import to_text


class Bidder(Struct, frozen=True, kw_only=True):
    """Somebody who bids here: `no` is their number within the lot, `alias` what the room calls them."""

    id: UUID
    no: int
    alias: str


class Row(Struct, frozen=True, kw_only=True):
    """One row of the history, ready to be stored."""

    id: UUID
    seq: int
    bidder: UUID
    bidder_no: int
    kind: BidKind
    target_seq: int | None
    reason: str
    max_minor: int
    price_before: int
    price_after: int
    leader_after: UUID | None
    leader_no: int | None
    received_at: datetime
    placed_at: datetime
    salt: str
    commitment: str
    prev_hash: str
    hash: str


class OpenLot:
    """The lot as it stands after the bids taken so far. Nothing is stored before `save`."""

    def __init__(self, lot: LockedLot, people: dict[UUID, Bidder]) -> None:
        self.lot = lot
        self.people = people
        self.standing = lot.standing
        self.ends_at = lot.ends_at
        self.bid_count = lot.bid_count
        self.bidder_count = max([lot.bidder_count, *(person.no for person in people.values())])
        self.chain_seq, self.chain_hash = lot.chain_seq, lot.chain_hash
        self.now = clock.now()
        self._rows: list[Row] = []
        self._placed: list[Placed] = []
        self._said: list[tuple[Struct, UUID | None]] = []

    def take(self, outcome: Outcome, bidder: Bidder, kind: BidKind, max_minor: int, received_at: datetime) -> Row:
        """Record an accepted bid: history row, end, counts, and what the room hears."""
        self.bid_count += 1
        extended = False
        if (
            outcome.price_changed
            and kind != BidKind.BUY_NOW
            and self.ends_at is not None
            and self.lot.latest_end is not None
        ):
            end = self.lot.sniping.end_after(received_at, self.ends_at, self.lot.latest_end)
            extended, self.ends_at = end != self.ends_at, end
        row = self.record(outcome.after, bidder, kind, max_minor, received_at)
        assert outcome.after.leader is not None, "an accepted bid leaves a leader"
        self._placed.append(
            Placed(
                bid_id=row.id, bidder_id=bidder.id, kind=kind.value, seq=row.seq, price=outcome.after.price_minor,
                leader_id=outcome.after.leader, outbid_id=outcome.outbid, received_at=received_at,
            )
        )  # fmt: skip
        self._tell(outcome, row.seq, bidder, kind, received_at, extended)
        return row

    def record(
        self, after: Standing, bidder: Bidder, kind: BidKind, max_minor: int, received_at: datetime,
        target_seq: int | None = None, reason: str = "",
    ) -> Row:  # fmt: skip
        """Append a row to the chain and make `after` the lot's standing."""
        before, self.standing = self.standing, after
        leader_no = self.people[after.leader].no if after.leader else None
        salt = chain.new_salt()
        link = chain.Link(
            lot_id=self.lot.id, seq=self.chain_seq + 1, kind=kind.value, bidder=bidder.no, leader=leader_no,
            price_before=before.price_minor, price_after=after.price_minor, target_seq=target_seq, reason=reason,
            received_at=received_at, placed_at=self.now, commitment=chain.commitment(salt, bidder.id, max_minor),
        )  # fmt: skip
        row = Row(
            id=uuid7(), seq=link.seq, bidder=bidder.id, bidder_no=bidder.no, kind=kind, target_seq=target_seq,
            reason=reason, max_minor=max_minor, price_before=link.price_before, price_after=link.price_after,
            leader_after=after.leader, leader_no=leader_no, received_at=received_at, placed_at=self.now, salt=salt,
            commitment=link.commitment, prev_hash=self.chain_hash, hash=link.after(self.chain_hash),
        )  # fmt: skip
        self.chain_seq, self.chain_hash = row.seq, row.hash
        self._rows.append(row)
        return row

    def admit(self, bidder_id: UUID, alias: str | None) -> Bidder:
        """The bidder's place in the lot; a newcomer gets the next number. No alias: the number is the name."""
        known = self.people.get(bidder_id)
        if known is None:
            self.bidder_count += 1
            known = Bidder(id=bidder_id, no=self.bidder_count, alias=alias or f"bidder {self.bidder_count}")
            self.people[bidder_id] = known
        return known

    def say(self, message: Struct, to_user: UUID | None = None) -> None:
        self._said.append((message, to_user))

    def money(self, minor: int) -> str:
        return to_text(minor, self.lot.currency)

    @property
    def minimum(self) -> int:
        return bidding.minimum(self.lot.terms, self.standing)

    @property
    def reserve_met(self) -> bool:
        return bidding.reserve_met(self.lot.terms, self.standing)

    @property
    def buy_now_price(self) -> str | None:
        """None unless the lot can be bought outright as it stands."""
        price = self.lot.terms.buy_now_minor
        return self.money(price) if price is not None and bidding.buy_now_open(self.lot.terms, self.standing) else None

    def _tell(self, outcome: Outcome, bid_no: int, bidder: Bidder, kind: BidKind, at: datetime, extended: bool) -> None:
        assert outcome.after.leader is not None and self.ends_at is not None
        auction_id, lot_id, price = self.lot.auction_id, self.lot.id, self.money(outcome.after.price_minor)
        leader, currency = self.people[outcome.after.leader], self.lot.currency
        self.say(
            messages.BidPlacedMessage(
                auction_id=auction_id, lot_id=lot_id, bid_no=bid_no, bidder=bidder.alias, leader=leader.alias, kind=kind.value,
                amount=price, currency=currency, timestamp=at, total_bids=self.bid_count,
                minimum_bid=self.money(self.minimum), reserve_met=self.reserve_met,
                buy_now_price=self.buy_now_price, ends_at=self.ends_at, extended=extended,
            )
        )  # fmt: skip
        if outcome.defended or kind == BidKind.AUTO:
            self.say(
                messages.AutoBidTriggered(
                    auction_id=auction_id, lot_id=lot_id, amount=price, currency=currency,
                    auto_bidder=leader.alias, timestamp=at,
                )
            )  # fmt: skip
        loser = bidder.id if outcome.defended else outcome.outbid
        if loser is not None:
            self.say(
                messages.UserOutbid(
                    auction_id=auction_id, lot_id=lot_id, new_bid=price, currency=currency,
                    minimum_bid=self.money(self.minimum),
                ),
                to_user=loser,
            )  # fmt: skip

    async def save(self, released_for: str = "outbid") -> None:
        """Store rows, lot, hold, messages and one event; the lot is as before if there is nothing to store.

        `released_for` says why whoever led before gets their held money back, if they do.
        """
        if not self._rows:
            return
        auctions_changed()
        await db.execute(
            SAVE,
            self.lot.id, self.standing.price_minor, self.standing.leader, self.standing.leader_max_minor,
            self.standing.leader_max_at, self.bid_count, self.bidder_count, self.ends_at, self.chain_seq,
            self.chain_hash, *([getattr(row, column) for row in self._rows] for column in Row.__struct_fields__),
            holds.held_after(self.lot, self.standing),
        )  # fmt: skip
        await holds.follow(self.lot, self.standing, self.chain_seq, released_for)
        if self._said:
            await live.post_each(messages.room(self.lot.auction_id), self._said)
        if self._placed:
            assert self.ends_at is not None
            await outbox.emit(
                BidsPlaced(
                    auction_id=self.lot.auction_id, lot_id=self.lot.id, seller_id=self.lot.seller,
                    title=self.lot.title, currency=self.lot.currency, bids=self._placed,
                    total_bids=self.bid_count, ends_at=self.ends_at,
                )
            )  # fmt: skip

    def now_standing(self) -> LockedLot:
        """The lot as stored by `save`, still locked."""
        return replace(
            self.lot, standing=self.standing, ends_at=self.ends_at, bid_count=self.bid_count,
            bidder_count=self.bidder_count, chain_seq=self.chain_seq, chain_hash=self.chain_hash,
            held_minor=holds.held_after(self.lot, self.standing),
        )  # fmt: skip


SAVE = """
WITH history AS (
  INSERT INTO bids (lot, id, seq, bidder, bidder_no, kind, target_seq, reason, max_minor, price_before, price_after,
    leader_after, leader_no, received_at, placed_at, salt, commitment, prev_hash, hash)
  SELECT $1, * FROM unnest($11::uuid[], $12::int[], $13::uuid[], $14::int[], $15::text[], $16::int[], $17::text[],
    $18::bigint[], $19::bigint[], $20::bigint[], $21::uuid[], $22::int[], $23::timestamptz[], $24::timestamptz[],
    $25::text[], $26::text[], $27::text[], $28::text[])
)
UPDATE lots SET price_minor = $2, leader = $3, leader_max_minor = $4, leader_max_at = $5, bid_count = $6,
  bidder_count = $7, ends_at = $8, chain_seq = $9, chain_hash = $10, held_minor = $29
WHERE id = $1
"""
