"""What other domains tell, and who wants to know."""

from uuid import UUID

from marketplace.accounts.events import (
    LoggedIn,
    PasswordChanged,
    RefreshTokenReused,
    RoleChanged,
    SecondFactorChanged,
    SocialLinked,
    UserUnbanned,
)
from marketplace.auctions.events import (
    AuctionCancelled,
    AuctionStarted,
    BiddingSuspended,
    BidDropped,
    BidRetracted,
    BidsPlaced,
    HoldReleased,
    LotClosed,
    LotEndingSoon,
    SaleMade,
    SaleUnpaid,
    SecondChanceClosed,
    SecondChanceOffered,
    StrikeLifted,
)
from marketplace.auctions.states import AuctionStatus, Outcome
from marketplace.core import db
from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.events import LettersWanted
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify, write_letters
from marketplace.payments.events import BooksBroken
from marketplace.shop.events import StockLow


@on(LettersWanted)
async def mail_them(event: LettersWanted) -> None:
    await write_letters(event.kind, event.details, event.user_ids)


@on(BidsPlaced)
async def tell_of_bids(event: BidsPlaced) -> None:
    """Who lost the lead and has not won it back by now; and the seller. After the close there is other news."""
    last = event.bids[-1]
    lot = await db.fetch_row("SELECT leader, status FROM lots WHERE id = $1", event.lot_id)
    if lot is None or lot["status"] != AuctionStatus.ACTIVE:
        return
    outbid = {bid.outbid_id for bid in event.bids if bid.outbid_id} - {last.leader_id, lot["leader"]}
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, title=event.title,
        amount=to_text(last.price, event.currency), currency=event.currency, count=event.total_bids, until=event.ends_at,
    )  # fmt: skip
    await notify(Kind.OUTBID, details, outbid, key=f"outbid:{event.lot_id}", at=last.received_at)
    await notify(Kind.BID_RECEIVED, details, [event.seller_id], key=f"bids:{event.lot_id}", at=last.received_at)


@on(BidRetracted)
async def tell_of_retraction(event: BidRetracted) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, title=event.title,
        amount=to_text(event.price, event.currency), currency=event.currency,
    )  # fmt: skip
    await notify(Kind.BID_RETRACTED, details, [event.seller_id])
    if event.leader_id and event.leader_id != event.former_leader_id:
        await notify(Kind.LEADING_AGAIN, details, [event.leader_id], key=f"outbid:{event.lot_id}")


@on(BidDropped)
async def tell_of_dropped_bid(event: BidDropped) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, title=event.title,
        amount=to_text(event.amount, event.currency), currency=event.currency,
    )  # fmt: skip
    await notify(Kind.BID_DROPPED, details, [event.bidder_id])


@on(HoldReleased)
async def tell_of_free_money(event: HoldReleased) -> None:
    """One line a lot, however often the lead goes back and forth."""
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, title=event.title,
        amount=to_text(event.amount, event.currency), currency=event.currency,
    )  # fmt: skip
    await notify(Kind.HOLD_RELEASED, details, [event.user_id], key=f"hold:{event.lot_id}")


@on(AuctionStarted)
async def tell_of_start(event: AuctionStarted) -> None:
    details = Details(auction_id=event.auction_id, title=event.title, until=event.ends_at)
    await notify(Kind.AUCTION_STARTED, details, [event.seller_id, *await _watchers(event.auction_id)])


@on(LotEndingSoon)
async def tell_of_near_end(event: LotEndingSoon) -> None:
    """Who watches and who has bid, once a lot; how late it is they see in the room."""
    details = Details(auction_id=event.auction_id, lot_id=event.lot_id, title=event.title, until=event.ends_at)
    interested = {*await _watchers(event.auction_id), *await _bidders(event.lot_id)}
    await notify(Kind.AUCTION_ENDING_SOON, details, interested, key=f"ending:{event.lot_id}")


@on(LotClosed)
async def tell_of_close(event: LotClosed) -> None:
    """The seller, and those who bid in vain; the buyer hears it with what is owed (SaleMade)."""
    is_sold = event.outcome == Outcome.SOLD
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, sale_id=event.sale_id, title=event.title, currency=event.currency,
        amount=None if event.price is None else to_text(event.price, event.currency), count=event.total_bids,
    )  # fmt: skip
    await notify(Kind.LOT_SOLD if is_sold else Kind.LOT_UNSOLD, details, [event.seller_id], key=f"bids:{event.lot_id}")
    # How high it went is on the auction's page; whose bid it was is not theirs to know.
    lost = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, title=event.title, reason=None if is_sold else event.outcome
    )
    losers = set(await _bidders(event.lot_id)) - {event.buyer_id}
    await notify(Kind.AUCTION_LOST, lost, losers, key=f"outbid:{event.lot_id}")


@on(AuctionCancelled)
async def tell_of_cancellation(event: AuctionCancelled) -> None:
    details = Details(auction_id=event.auction_id, title=event.title, reason=event.reason or None)
    people = {*await _watchers(event.auction_id), *await _bidders_of_auction(event.auction_id)}
    if event.by_staff:
        people.add(event.seller_id)
    await notify(Kind.AUCTION_CANCELLED, details, people)


@on(SaleMade)
async def tell_the_buyer(event: SaleMade) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, sale_id=event.sale_id, title=event.title,
        amount=to_text(event.amount, event.currency), currency=event.currency, until=event.pay_by,
    )  # fmt: skip
    await notify(Kind.WON_AND_PAID if event.is_paid else Kind.AUCTION_WON, details, [event.buyer_id])


@on(SaleUnpaid)
async def tell_both_of_no_payment(event: SaleUnpaid) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, sale_id=event.sale_id, title=event.title
    )  # fmt: skip
    await notify(Kind.PAYMENT_OVERDUE, details, [event.buyer_id])
    await notify(Kind.SALE_UNPAID, details, [event.seller_id])


@on(BiddingSuspended)
async def tell_of_suspension(event: BiddingSuspended) -> None:
    await notify(Kind.BIDDING_SUSPENDED, Details(sale_id=event.sale_id, until=event.until), [event.user_id])


@on(StrikeLifted)
async def tell_of_lifted_strike(event: StrikeLifted) -> None:
    await notify(Kind.STRIKE_LIFTED, Details(sale_id=event.sale_id, until=event.until), [event.user_id])


@on(SecondChanceOffered)
async def tell_of_second_chance(event: SecondChanceOffered) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, offer_id=event.offer_id, title=event.title,
        amount=to_text(event.amount, event.currency), currency=event.currency, until=event.expires_at,
    )  # fmt: skip
    await notify(Kind.SECOND_CHANCE_OFFER, details, [event.bidder_id])


@on(SecondChanceClosed)
async def tell_how_second_chance_went(event: SecondChanceClosed) -> None:
    details = Details(
        auction_id=event.auction_id, lot_id=event.lot_id, offer_id=event.offer_id, reason=event.status
    )  # fmt: skip
    await notify(Kind.SECOND_CHANCE_CLOSED, details, [event.seller_id])


@on(StockLow)
async def tell_of_low_stock(event: StockLow) -> None:
    """One line a variant, however often it goes below the mark while it is unread."""
    title = f"{event.name} – {event.variant}" if event.variant else event.name
    details = Details(product_id=event.product_id, variant_id=event.variant_id, title=title, count=event.available)
    await notify(Kind.STOCK_LOW, details, [event.seller_id], key=f"stock:{event.variant_id}")


@on(LoggedIn)
async def tell_of_new_device(event: LoggedIn) -> None:
    if event.is_new_device:
        details = Details(session_id=event.session_id, address=event.address, user_agent=event.user_agent)
        await notify(Kind.NEW_LOGIN, details, [event.user_id])


@on(PasswordChanged)
async def tell_of_new_password(event: PasswordChanged) -> None:
    await notify(Kind.PASSWORD_CHANGED, Details(), [event.user_id])


@on(SecondFactorChanged)
async def tell_of_second_factor(event: SecondFactorChanged) -> None:
    await notify(Kind.SECOND_FACTOR_CHANGED, Details(reason="on" if event.is_on else "off"), [event.user_id])


@on(RefreshTokenReused)
async def tell_of_reuse(event: RefreshTokenReused) -> None:
    await notify(Kind.TOKEN_REUSED, Details(session_id=event.session_id, address=event.address), [event.user_id])


@on(SocialLinked)
async def tell_of_link(event: SocialLinked) -> None:
    await notify(Kind.SOCIAL_LINKED, Details(reason=event.provider), [event.user_id])


@on(RoleChanged)
async def tell_of_role(event: RoleChanged) -> None:
    await notify(Kind.ROLE_CHANGED, Details(reason=event.after.value), [event.user_id])


@on(UserUnbanned)
async def tell_of_return(event: UserUnbanned) -> None:
    await notify(Kind.ACCOUNT_RESTORED, Details(), [event.user_id])


async def _watchers(auction_id: UUID) -> list[UUID]:
    rows = await db.fetch('SELECT "user" AS id FROM auction_watches WHERE auction = $1', auction_id)
    return [row["id"] for row in rows]


async def _bidders(lot_id: UUID) -> list[UUID]:
    rows = await db.fetch("SELECT DISTINCT bidder FROM bids WHERE lot = $1", lot_id)
    return [row["bidder"] for row in rows]


async def _bidders_of_auction(auction_id: UUID) -> list[UUID]:
    rows = await db.fetch(
        "SELECT DISTINCT b.bidder FROM lots l JOIN bids b ON b.lot = l.id WHERE l.auction = $1", auction_id
    )
    return [row["bidder"] for row in rows]


@on(BooksBroken)
async def tell_of_broken_books(event: BooksBroken) -> None:
    """Whoever may close a break. Payouts wait for them."""
    staff = await db.fetch("SELECT id FROM users WHERE role IN ('manager', 'admin') AND status = 'active' ORDER BY id")
    details = Details(count=event.breaks, reason=event.examples[0])
    await notify(Kind.BOOKS_BROKEN, details, [row["id"] for row in staff])
