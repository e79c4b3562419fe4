"""What auctions say of a person: to favourites, to their reputation, to the copy of their data, and at their erasure.

Bids and sales stay under the account's id, which names nobody after an erasure: others paid by them.
"""

from typing import Final
from uuid import UUID

from marketplace.accounts import favorites, privacy
from marketplace.accounts.figures import REPUTATION
from marketplace.accounts.privacy import Obligation, changing, rows
from marketplace.auctions.locks import lock_auction
from marketplace.auctions.service.lifecycle import cancel_locked
from marketplace.core import db

favorites.target(
    "auction",
    "SELECT a.title, '/auctions/' || a.id AS path FROM auctions a WHERE a.id = {id} AND a.deleted_at IS NULL "
    "AND (a.status <> 'scheduled' OR a.starts_at IS NOT NULL)",
)

_SALES: Final = "(SELECT count(*) FROM sales x WHERE x.{side} = u.id AND x.status IN ('awaiting_payment', 'paid'))"
REPUTATION.add("auctions_sold", _SALES.replace("{side}", "seller"))
REPUTATION.add("auctions_won", _SALES.replace("{side}", "buyer"))

privacy.exporter(
    "auctions",
    rows(
        "SELECT id, title, description, currency, status, starts_at, ends_at, created_at FROM auctions WHERE seller = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "bids", rows("SELECT id, lot, seq, kind, max_minor, reason, received_at FROM bids WHERE bidder = $1 ORDER BY id")
)
privacy.exporter(
    "auto_bid_rules",
    rows("SELECT id, lot, max_minor, status, created_at FROM auto_bid_rules WHERE bidder = $1 ORDER BY id"),
)
privacy.exporter(
    "sales",
    rows(
        "SELECT id, lot, auction, buyer = $1 AS as_buyer, kind, amount_minor, currency, status, pay_by, paid_at, created_at "
        "FROM sales WHERE buyer = $1 OR seller = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "second_chance_offers",
    rows(
        "SELECT id, lot, amount_minor, currency, status, expires_at, created_at FROM second_chance_offers WHERE bidder = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "auction_strikes",
    rows('SELECT sale, at, lifted_at, lift_reason FROM auction_strikes WHERE "user" = $1 ORDER BY id'),
)
privacy.exporter(
    "auction_watches", rows('SELECT auction, created_at FROM auction_watches WHERE "user" = $1 ORDER BY id')
)


async def _what_others_wait_for(user_id: UUID) -> list[Obligation]:
    found = await db.fetch(
        "SELECT DISTINCT 'running_auction' AS kind, a.id, a.title FROM auctions a JOIN lots l ON l.auction = a.id "
        "WHERE a.seller = $1 AND l.status = 'active' AND l.leader IS NOT NULL "
        "UNION ALL SELECT 'leading_bid', a.id, l.title FROM lots l JOIN auctions a ON a.id = l.auction "
        "WHERE l.leader = $1 AND l.status = 'active' "
        "UNION ALL SELECT CASE WHEN x.buyer = $1 THEN 'unpaid_win' ELSE 'unpaid_sale' END, a.id, a.title "
        "FROM sales x JOIN auctions a ON a.id = x.auction WHERE (x.buyer = $1 OR x.seller = $1) AND x.status = 'awaiting_payment'",
        user_id,
    )
    return [
        Obligation(kind=row["kind"], message=_SAID[row["kind"]].format(row["title"]), path=f"/auctions/{row['id']}")
        for row in found
    ]


_SAID: Final = {
    "running_auction": "Your auction {} has bids; wait for its end.",
    "leading_bid": "You are leading in {}; wait for its end.",
    "unpaid_win": "You have won {}; pay for it first.",
    "unpaid_sale": "The buyer of {} has not paid yet.",
}


async def _cancel_what_nobody_bid_on(user_id: UUID) -> int:
    found = await db.fetch(
        "SELECT id FROM auctions WHERE seller = $1 AND status IN ('scheduled', 'active') ORDER BY id", user_id
    )
    for row in found:
        await cancel_locked(await lock_auction(row["id"]), None, "The seller has left.", by_staff=False)
    return len(found)


privacy.blocker("auctions", _what_others_wait_for)
privacy.eraser("auctions", _cancel_what_nobody_bid_on)
privacy.eraser(
    "auction_watching",
    changing(
        'DELETE FROM auction_watches WHERE "user" = $1',
        "UPDATE auto_bid_rules SET status = 'deleted', updated_at = now() WHERE bidder = $1 AND status = 'active'",
    ),
)
