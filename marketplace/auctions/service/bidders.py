"""Who wants to bid, and whether they may. RULES: Auctions."""

from uuid import UUID

from msgspec import Struct

from marketplace.accounts.states import AccountStatus
from marketplace.auctions.errors import BiddingRefused, EmailNotVerified, LinkedToSeller, MayNotBid, OwnAuction
from marketplace.auctions.locks import LockedLot
from marketplace.auctions.rules import PUBLIC_NAMES, STRIKE_DAYS, STRIKES, VERIFIED_ONLY
from marketplace.auctions.service.open_lot import Bidder
from marketplace.auctions.service.strikes import end_of_suspension
from marketplace.core import db
from marketplace.core.errors import DomainError


class Candidate(Struct, frozen=True, kw_only=True):
    """Somebody who wants to bid, and what speaks against it."""

    alias: str
    refusal: DomainError | None


BIDDERS = """
SELECT u.id, u.username, u.status, u.email_verified_at IS NOT NULL AS verified,
  (SELECT s.at FROM auction_strikes s WHERE s."user" = u.id AND s.lifted_at IS NULL
   ORDER BY s.at DESC OFFSET $3 - 1 LIMIT 1) AS nth_strike,
  (SELECT b.bidder_no FROM bids b WHERE b.lot = $1 AND b.bidder = u.id LIMIT 1) AS no
FROM users u WHERE u.id = ANY($2::uuid[]) ORDER BY u.id FOR KEY SHARE OF u
"""
"""The lock is the one that writing the bid takes anyway; taken here, a ban or an erasure at the same time is seen."""


async def read_bidders(
    lot: LockedLot, bidder_ids: set[UUID], links: dict[UUID, list[str]]
) -> tuple[dict[UUID, Candidate], dict[UUID, Bidder]]:
    """Who wants to bid, and who of them and the leader has a number in this lot already. The lot is locked."""
    wanted = bidder_ids | ({lot.standing.leader} if lot.standing.leader else set())
    names, verified_only = await PUBLIC_NAMES.value(), await VERIFIED_ONLY.value()
    strike_days = await STRIKE_DAYS.value()
    candidates: dict[UUID, Candidate] = {}
    people: dict[UUID, Bidder] = {}
    for row in await db.fetch(BIDDERS, lot.id, list(wanted), await STRIKES.value()):
        user_id, no = row["id"], row["no"]
        if no is not None:
            people[user_id] = Bidder(id=user_id, no=no, alias=row["username"] if names else f"bidder {no}")
        refusal: DomainError | None = None
        if user_id == lot.seller:
            refusal = OwnAuction()
        elif row["status"] != AccountStatus.ACTIVE:
            refusal = MayNotBid()
        elif verified_only and not row["verified"]:
            refusal = EmailNotVerified()
        elif user_id in links:
            refusal = LinkedToSeller()
        elif until := end_of_suspension(row["nth_strike"], strike_days):
            told = f"You may not bid until {until:%Y-%m-%d %H:%M} UTC: too many of your wins were not paid for."
            refusal = BiddingRefused(told, until=until.isoformat())
        candidates[user_id] = Candidate(alias=row["username"] if names else "", refusal=refusal)
    return candidates, people
