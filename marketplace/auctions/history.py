"""The history of what was moved: who, when, why. Status columns of auctions, lots, sales and offers are written here only."""

from uuid import UUID

from marketplace.auctions.states import AUCTION, OFFER, SALE, AuctionStatus, OfferStatus, SaleStatus
from marketplace.core import clock, db


async def _write(
    auction_id: UUID, subject: str, subject_id: UUID, before: str, after: str, actor: UUID | None, reason: str
) -> None:
    await db.execute(
        "INSERT INTO auction_history (auction, subject, subject_id, from_status, to_status, actor, reason, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        auction_id, subject, subject_id, before, after, actor, reason, clock.now(),
    )  # fmt: skip


async def created(auction_id: UUID, actor: UUID | None, reason: str = "") -> None:
    await _write(auction_id, "auction", auction_id, "", AuctionStatus.SCHEDULED.value, actor, reason)


async def born(auction_id: UUID, subject: str, subject_id: UUID, status: str, actor: UUID | None, reason: str) -> None:
    await _write(auction_id, subject, subject_id, "", status, actor, reason)


async def move_auction(
    auction_id: UUID, before: AuctionStatus, after: AuctionStatus, actor: UUID | None, reason: str
) -> None:
    """Move a locked auction. Raises IllegalTransition."""
    AUCTION.check(before, after)
    await db.execute(
        "UPDATE auctions SET status = $2, updated_at = $3 WHERE id = $1", auction_id, after.value, clock.now()
    )
    await _write(auction_id, "auction", auction_id, before.value, after.value, actor, reason)


async def moved_lot(
    auction_id: UUID, lot_id: UUID, before: AuctionStatus, after: AuctionStatus, actor: UUID | None, reason: str
) -> None:
    AUCTION.check(before, after)
    await _write(auction_id, "lot", lot_id, before.value, after.value, actor, reason)


async def move_sale(
    auction_id: UUID, sale_id: UUID, before: SaleStatus, after: SaleStatus, actor: UUID | None, reason: str
) -> None:
    """Move a locked sale. Raises IllegalTransition."""
    SALE.check(before, after)
    paid_at = clock.now() if after == SaleStatus.PAID else None
    await db.execute("UPDATE sales SET status = $2, paid_at = $3 WHERE id = $1", sale_id, after.value, paid_at)
    await _write(auction_id, "sale", sale_id, before.value, after.value, actor, reason)


async def move_offer(
    auction_id: UUID, offer_id: UUID, before: OfferStatus, after: OfferStatus, actor: UUID | None, reason: str
) -> None:
    """Move a locked offer. Raises IllegalTransition."""
    OFFER.check(before, after)
    await db.execute(
        "UPDATE second_chance_offers SET status = $2, answered_at = $3 WHERE id = $1",
        offer_id, after.value, clock.now(),
    )  # fmt: skip
    await _write(auction_id, "offer", offer_id, before.value, after.value, actor, reason)
