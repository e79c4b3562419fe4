"""Making, changing and deleting a listing. RULES: Auctions."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from marketplace.accounts.states import AccountStatus
from marketplace.auctions import history
from marketplace.auctions.errors import AuctionClosed, AuctionRunning, EmailNotVerified, HasBids, LotNotFound
from marketplace.auctions.events import AuctionCreated, AuctionUpdated
from marketplace.auctions.freshness import auctions_changed
from marketplace.auctions.locks import LockedAuction, LockedLot, LotRef, lock_auction, lock_lot, lot_ids
from marketplace.auctions.policies import Actor, check_owns
from marketplace.auctions.rules import (
    REQUIRE_HOLD,
    SNIPE_EXTENSION,
    SNIPE_HARD_CAP,
    SNIPE_WINDOW,
    VERIFIED_ONLY,
    increments_for,
)
from marketplace.auctions.service.lifecycle import cancel_locked, start_locked
from marketplace.auctions.states import AuctionStatus
from marketplace.auctions.tables import Auction, Lot
from marketplace.core import clock, db, outbox, timers
from marketplace.core.errors import Forbidden, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import MAX_MINOR, check_currency

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=30)
FURTHEST: Final = timedelta(days=90)
MOST_LOTS: Final = 100


class LotDraft(Struct, frozen=True, kw_only=True):
    """A lot as its seller wants it; minor units of the auction's currency. `at` is where the request names it, for refusals."""

    title: str
    at: str | None = None
    description: str = ""
    start_minor: int
    reserve_minor: int | None = None
    buy_now_minor: int | None = None


class AuctionDraft(Struct, frozen=True, kw_only=True):
    """A listing as its seller wants it. Starts at `starts_at`, or if that is None when it is activated.

    It ends at `ends_at`, or if that is None `duration` after it started.
    """

    title: str
    description: str = ""
    category: UUID | None = None
    currency: str
    lots: list[LotDraft]
    requires_hold: bool | None = None
    """Whether bids need their maximum in the bidder's wallet; None is the platform's setting."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    duration: timedelta = timedelta(days=7)


async def create_auction(seller_id: UUID, draft: AuctionDraft, *, now: datetime | None = None) -> UUID:
    """List something. A `starts_at` that has come starts it at once, now: which is the present unless told otherwise.

    Raises ValidationFailed naming the field, EmailNotVerified, Forbidden for an account that may not sell.
    """
    now = now or clock.now()
    check_currency(draft.currency)
    check_times(draft.starts_at, draft.ends_at, draft.duration, now)
    check_lots(draft.lots)
    async with db.transaction():
        await _check_seller(seller_id)
        table = await increments_for(draft.currency)
        auction = Auction(
            id=uuid7(), seller=seller_id, title=draft.title, description=draft.description, category=draft.category,
            currency=draft.currency, starts_at=draft.starts_at, ends_at=draft.ends_at,
            duration_s=int(draft.duration.total_seconds()), snipe_window_s=await SNIPE_WINDOW.value(),
            snipe_extension_s=await SNIPE_EXTENSION.value(), snipe_hard_cap_s=await SNIPE_HARD_CAP.value(),
            increments=msgspec.json.encode(table).decode(),
            requires_hold=await REQUIRE_HOLD.value() if draft.requires_hold is None else draft.requires_hold,
        )  # fmt: skip
        await auction.save()
        await Lot.insert(*(_lot(auction.id, i, lot) for i, lot in enumerate(draft.lots, start=1)))
        await history.created(auction.id, seller_id)
        auctions_changed()
        await outbox.emit(AuctionCreated(auction_id=auction.id, seller_id=seller_id))
        if draft.starts_at is not None:
            if draft.starts_at <= now:
                await start_locked(await lock_auction(auction.id), now, seller_id, "listed")
            else:
                await timers.schedule("auctions.start", auction.id, draft.starts_at)
        return UUID(str(auction.id))


def _lot(auction_id: UUID, position: int, draft: LotDraft) -> Lot:
    return Lot(
        id=uuid7(), auction=auction_id, position=position, title=draft.title, description=draft.description,
        start_minor=draft.start_minor, reserve_minor=draft.reserve_minor, buy_now_minor=draft.buy_now_minor,
        price_minor=draft.start_minor,
    )  # fmt: skip


async def _check_seller(seller_id: UUID) -> None:
    row = await db.fetch_row(
        "SELECT status, email_verified_at IS NOT NULL AS verified FROM users WHERE id = $1", seller_id
    )
    if row is None or row["status"] != AccountStatus.ACTIVE:
        raise Forbidden("This account can't sell.")
    if not row["verified"] and await VERIFIED_ONLY.value():
        raise EmailNotVerified


def check_times(starts_at: datetime | None, ends_at: datetime | None, duration: timedelta, now: datetime) -> None:
    """Raises ValidationFailed unless the auction runs for a sensible time that lies ahead."""
    wrong: dict[str, list[str]] = {}
    start = max(starts_at, now) if starts_at else now
    if starts_at is not None and starts_at > now + FURTHEST:
        wrong["starts_at"] = [f"Must be within {FURTHEST.days} days."]
    if not SHORTEST <= (ends_at - start if ends_at else duration) <= LONGEST:
        wrong["ends_at" if ends_at else "duration"] = ["An auction runs for a minute to 30 days."]
    if wrong:
        raise ValidationFailed(fields=wrong)


def check_lots(lots: list[LotDraft]) -> None:
    """Raises ValidationFailed naming every wrong amount, as `lots[0].reserve_price`, or as the lot's `at` has it."""
    wrong: dict[str, list[str]] = {}
    if not 1 <= len(lots) <= MOST_LOTS:
        wrong["lots"] = [f"An auction has 1 to {MOST_LOTS} lots."]
    for i, lot in enumerate(lots):
        at = f"lots[{i}]." if lot.at is None else lot.at
        if not 0 < lot.start_minor <= MAX_MINOR:
            wrong[f"{at}starting_price"] = ["Must be more than zero."]
        if lot.reserve_minor is not None and lot.reserve_minor < lot.start_minor:
            wrong[f"{at}reserve_price"] = ["Must not be below the start price."]
        if lot.buy_now_minor is not None and lot.buy_now_minor < max(lot.start_minor, lot.reserve_minor or 0):
            wrong[f"{at}buy_now_price"] = ["Must not be below the start price or the reserve."]
    if wrong:
        raise ValidationFailed(fields=wrong)


class LotPatch(Struct, frozen=True, kw_only=True):
    """What to change of a lot; what is UNSET stays. `at` is where the request names it, for refusals."""

    at: str = ""
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    start_minor: int | UnsetType = UNSET
    reserve_minor: int | UnsetType | None = UNSET
    buy_now_minor: int | UnsetType | None = UNSET


class AuctionPatch(Struct, frozen=True, kw_only=True):
    """What to change of an auction; what is UNSET stays. `lots` by lot id."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    category: UUID | UnsetType | None = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    ends_at: datetime | UnsetType | None = UNSET
    duration: timedelta | UnsetType = UNSET
    lots: dict[UUID, LotPatch] = msgspec.field(default_factory=dict)


async def update_auction(auction_id: UUID, actor: Actor, patch: AuctionPatch) -> None:
    """Change a listing.

    While it is scheduled everything but the currency may change; while it is active and without bids, texts, category
    and amounts; once there are bids, only the category, and the description may be added to.
    Raises HasBids, AuctionRunning, AuctionClosed, LotNotFound, Forbidden, ValidationFailed.
    """
    async with db.transaction():
        if patch.starts_at is not UNSET and patch.starts_at is not None:
            # Ahead of the auction's lock, as everywhere: its own timer waits for that lock.
            await timers.schedule("auctions.start", auction_id, patch.starts_at)
        auction = await lock_auction(auction_id)
        check_owns(actor, auction.seller)
        lots = [await lock_lot(LotRef(lot_id=one)) for one in await lot_ids(auction_id)]
        _check_changes(auction, lots, patch)
        await _change_auction(auction, patch)
        for lot in lots:
            if lot.id in patch.lots and _changed(lot, patch.lots[lot.id]):
                await _change_lot(lot, patch.lots[lot.id])
        auctions_changed()
        await outbox.emit(AuctionUpdated(auction_id=auction_id))


def _check_changes(auction: LockedAuction, lots: list[LockedLot], patch: AuctionPatch) -> None:
    if auction.status not in (AuctionStatus.SCHEDULED, AuctionStatus.ACTIVE):
        raise AuctionClosed
    unknown = patch.lots.keys() - {lot.id for lot in lots}
    if unknown:
        raise LotNotFound
    planned = {"starts_at": patch.starts_at, "ends_at": patch.ends_at, "duration": patch.duration}
    given = [name for name, value in planned.items() if value is not UNSET]
    if auction.status == AuctionStatus.ACTIVE and given:
        raise AuctionRunning(fields={name: ["Can't change while the auction runs."] for name in given})
    if given:
        check_times(
            auction.starts_at if patch.starts_at is UNSET else patch.starts_at,
            auction.ends_at if patch.ends_at is UNSET else patch.ends_at,
            timedelta(seconds=auction.duration_s) if patch.duration is UNSET else patch.duration,
            clock.now(),
        )
    if any(lot.chain_seq for lot in lots):
        _check_after_bids(auction, lots, patch)


def _check_after_bids(auction: LockedAuction, lots: list[LockedLot], patch: AuctionPatch) -> None:
    wrong: dict[str, list[str]] = {}
    if patch.title is not UNSET and patch.title != auction.title:
        wrong["title"] = ["Can't change once there are bids."]
    if patch.description is not UNSET and not patch.description.startswith(auction.description):
        wrong["description"] = ["Once there are bids it can only be added to."]
    for lot in lots:
        if lot.id in patch.lots:
            wrong |= {name: ["Can't change once there are bids."] for name in _changed(lot, patch.lots[lot.id])}
    if wrong:
        raise HasBids(fields=wrong)


def _changed(lot: LockedLot, patch: LotPatch) -> list[str]:
    """What of a lot the patch would change, as the request names it."""
    wanted = {
        "title": (patch.title, lot.title), "description": (patch.description, lot.description),
        "starting_price": (patch.start_minor, lot.terms.start_minor),
        "reserve_price": (patch.reserve_minor, lot.terms.reserve_minor),
        "buy_now_price": (patch.buy_now_minor, lot.terms.buy_now_minor),
    }  # fmt: skip
    return [patch.at + name for name, (new, present) in wanted.items() if new is not UNSET and new != present]


async def _change_auction(auction: LockedAuction, patch: AuctionPatch) -> None:
    changes: dict[Any, Any] = {
        name: value
        for name in ("title", "description", "category", "starts_at", "ends_at")
        if (value := getattr(patch, name)) is not UNSET
    }
    if patch.duration is not UNSET:
        changes["duration_s"] = int(patch.duration.total_seconds())
    changes["updated_at"] = clock.now()
    await Auction.update(changes).where(Auction.id == auction.id)


async def _change_lot(lot: LockedLot, patch: LotPatch) -> None:
    terms = lot.terms
    start = terms.start_minor if patch.start_minor is UNSET else patch.start_minor
    reserve = terms.reserve_minor if patch.reserve_minor is UNSET else patch.reserve_minor
    buy_now = terms.buy_now_minor if patch.buy_now_minor is UNSET else patch.buy_now_minor
    title = lot.title if patch.title is UNSET else patch.title
    check_lots([LotDraft(title=title, at=patch.at, start_minor=start, reserve_minor=reserve, buy_now_minor=buy_now)])
    changes: dict[Any, Any] = {
        "title": title, "start_minor": start, "reserve_minor": reserve, "buy_now_minor": buy_now, "price_minor": start,
    }  # fmt: skip
    if patch.description is not UNSET:
        changes["description"] = patch.description
    await Lot.update(changes).where(Lot.id == lot.id)


async def delete_auction(auction_id: UUID, actor: Actor) -> None:
    """Delete a listing before its first bid; afterwards it is as if it had never been, but for the history.

    Raises HasBids, Forbidden. RULES: Auctions. A first bid at the same moment: one of the two wins.
    """
    async with db.transaction():
        auction = await lock_auction(auction_id)
        check_owns(actor, auction.seller)
        await db.fetch("SELECT id FROM lots WHERE auction = $1 ORDER BY id FOR UPDATE", auction_id)
        if await db.fetch_val("SELECT EXISTS (SELECT FROM lots WHERE auction = $1 AND chain_seq > 0)", auction_id):
            raise HasBids("There are bids already: it can't be deleted any more.")
        await cancel_locked(auction, actor.id, "deleted by its seller", by_staff=False)
        await db.execute("UPDATE auctions SET deleted_at = $2 WHERE id = $1", auction_id, clock.now())
