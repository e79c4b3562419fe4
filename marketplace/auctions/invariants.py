"""What must always be true of auctions. Run after every race test, by `replay`, and by `reconcile` in production."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import msgspec

from marketplace.auctions import bidding
from marketplace.auctions.bidding import Terms
from marketplace.auctions.increments import Increments
from marketplace.auctions.record import read_history, verify_chain
from marketplace.auctions.states import AUCTION, OFFER, SALE, AuctionStatus, OfferStatus, SaleStatus
from marketplace.core import db, invariants

BROKEN: Final = {
    "one winner an ended lot": """
        SELECT l.id FROM lots l LEFT JOIN sales s ON s.lot = l.id AND s.status IN ('awaiting_payment', 'paid')
        GROUP BY l.id HAVING count(s.id) > 1 OR (count(s.id) > 0 AND (l.status <> 'ended' OR l.outcome <> 'sold'))
        UNION SELECT l.id FROM lots l WHERE l.status = 'ended' AND l.outcome = 'sold'
          AND NOT EXISTS (SELECT FROM sales s WHERE s.lot = l.id)""",
    "the winner is the leader, at the price": """
        SELECT s.id FROM sales s JOIN lots l ON l.id = s.lot
        WHERE s.kind <> 'second_chance' AND (s.buyer, s.amount_minor) IS DISTINCT FROM (l.leader, l.price_minor)""",
    "outcomes are what the bids make of them": """
        SELECT id FROM lots WHERE status = 'ended' AND outcome <> CASE WHEN leader IS NULL THEN 'unsold'
          WHEN leader_max_minor >= coalesce(reserve_minor, 0) THEN 'sold' ELSE outcome END""",
    "bids are counted": """
        SELECT l.id FROM lots l LEFT JOIN bids b ON b.lot = l.id GROUP BY l.id
        HAVING l.chain_seq <> count(b.id) OR l.bidder_count <> coalesce(max(b.bidder_no), 0)
          OR l.bid_count <> count(b.id) FILTER (WHERE b.kind IN ('bid', 'auto', 'buy_now'))
            - count(b.id) FILTER (WHERE b.kind = 'retraction')""",
    "no bid counts that came before the start, or at or after the end": """
        SELECT b.id FROM bids b JOIN lots l ON l.id = b.lot JOIN auctions a ON a.id = l.auction
        WHERE b.received_at >= l.ends_at OR b.received_at < a.starts_at OR b.placed_at > l.closed_at""",
    "no seller bids": """
        SELECT b.id FROM bids b JOIN lots l ON l.id = b.lot JOIN auctions a ON a.id = l.auction WHERE b.bidder = a.seller""",
    "the price only rises, but for retractions": """
        SELECT id FROM bids WHERE kind <> 'retraction' AND price_after < price_before""",
    "an auction runs as long as one of its lots": """
        SELECT a.id FROM auctions a JOIN lots l ON l.auction = a.id GROUP BY a.id
        HAVING (a.status = 'active') <> bool_or(l.status = 'active')
          OR (a.status IN ('scheduled', 'cancelled') AND NOT bool_and(l.status = a.status))""",
    "an auction that has ended is closed": """
        SELECT id FROM lots WHERE status = 'active' AND ends_at < now() - interval '1 minute'""",
    "a sale is as its order is": """
        SELECT s.id FROM sales s JOIN orders o ON o.id = s."order" WHERE s.buyer <> o.buyer OR s.seller <> o.seller
          OR s.amount_minor <> o.total_minor OR o.kind <> 'auction' OR NOT (o.phase = 'cancelled' AND s.status = 'unpaid'
            OR s.status = CASE o.phase WHEN 'unpaid' THEN 'awaiting_payment' WHEN 'cancelled' THEN 'cancelled' ELSE 'paid' END)
        UNION SELECT o.id FROM orders o WHERE o.kind = 'auction' AND NOT EXISTS (SELECT FROM sales s WHERE s."order" = o.id)""",
    "who did not pay has a strike": """
        SELECT s.id FROM sales s LEFT JOIN auction_strikes k ON k.sale = s.id
        WHERE s."order" IS NOT NULL AND (s.status = 'unpaid') <> (k.id IS NOT NULL)""",
    "what is held for a lot is its leader's maximum": """
        SELECT l.id FROM lots l JOIN auctions a ON a.id = l.auction WHERE l.held_minor <> CASE
          WHEN a.requires_hold AND l.status = 'active' AND l.leader IS NOT NULL THEN l.leader_max_minor ELSE 0 END""",
    "a wallet holds what its owner leads with": """
        SELECT coalesce(w.owner, h.leader) AS id FROM (
          SELECT owner, currency, balance_minor FROM ledger_accounts WHERE kind = 'wallet_held') w
        FULL JOIN (SELECT l.leader, a.currency, sum(l.held_minor) AS minor FROM lots l JOIN auctions a ON a.id = l.auction
          WHERE l.held_minor <> 0 GROUP BY l.leader, a.currency) h ON h.leader = w.owner AND h.currency = w.currency
        WHERE coalesce(w.balance_minor, 0) <> coalesce(h.minor, 0)""",
    "an open offer follows an unpaid sale": """
        SELECT o.id FROM second_chance_offers o JOIN sales s ON s.id = o.unpaid_sale
        WHERE s.status <> 'unpaid' OR (o.status = 'open' AND EXISTS (
          SELECT FROM sales live WHERE live.lot = o.lot AND live.status IN ('awaiting_payment', 'paid')))""",
}
"""Each statement returns the ids that break its rule."""

MOVES: Final[Sequence[tuple[str, str, str]]] = [
    *(("auction", a.value, b.value) for a in AuctionStatus for b in AuctionStatus if AUCTION.allows(a, b)),
    *(("lot", a.value, b.value) for a in AuctionStatus for b in AuctionStatus if AUCTION.allows(a, b)),
    *(("sale", a.value, b.value) for a in SaleStatus for b in SaleStatus if SALE.allows(a, b)),
    *(("offer", a.value, b.value) for a in OfferStatus for b in OfferStatus if OFFER.allows(a, b)),
    ("auction", "", AuctionStatus.SCHEDULED.value),
    ("sale", "", SaleStatus.AWAITING_PAYMENT.value),
    ("offer", "", OfferStatus.OPEN.value),
]

PATHS = """
WITH steps AS (
  SELECT id, subject, subject_id, from_status, to_status,
    lag(to_status) OVER one AS before, lead(id) OVER one IS NULL AS last
  FROM auction_history WINDOW one AS (PARTITION BY subject, subject_id ORDER BY id)
), legal AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS t(subject, from_status, to_status)
), present AS (
  SELECT 'auction' AS subject, id, status FROM auctions
  UNION ALL SELECT 'lot', id, status FROM lots
  UNION ALL SELECT 'sale', id, status FROM sales
  UNION ALL SELECT 'offer', id, status FROM second_chance_offers
)
SELECT s.subject_id AS id FROM steps s LEFT JOIN legal USING (subject, from_status, to_status)
WHERE legal.subject IS NULL OR s.before <> s.from_status
UNION SELECT s.subject_id FROM steps s JOIN present p ON p.subject = s.subject AND p.id = s.subject_id
WHERE s.last AND s.to_status <> p.status
"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
    for row in await db.fetch(PATHS, *(list(column) for column in zip(*MOVES, strict=True))):
        yield f"every history path is legal: {row['id']}"
    for row in await db.fetch("SELECT id FROM lots WHERE chain_seq > 0 ORDER BY id"):
        async for breach in _of_lot(row["id"]):
            yield breach


async def _of_lot(lot_id: UUID) -> AsyncIterator[str]:
    report = await verify_chain(lot_id)
    if not report.intact:
        yield f"the chain is intact: {lot_id} at {report.broken_at}: {report.why}"
    row = await db.fetch_row(
        "SELECT l.start_minor, l.reserve_minor, l.buy_now_minor, l.price_minor, l.leader, l.leader_max_minor, "
        "a.increments::text AS increments FROM lots l JOIN auctions a ON a.id = l.auction WHERE l.id = $1",
        lot_id,
    )
    if row is None:
        return
    terms = Terms(
        start_minor=row["start_minor"], reserve_minor=row["reserve_minor"], buy_now_minor=row["buy_now_minor"],
        increments=msgspec.json.decode(row["increments"], type=Increments),
    )  # fmt: skip
    should = bidding.replay(terms, await read_history(lot_id))
    found = (row["price_minor"], row["leader"], row["leader_max_minor"])
    if found != (should.price_minor, should.leader, should.leader_max_minor):
        yield f"the price is what the rules make of the history: {lot_id}"
