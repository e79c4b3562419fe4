from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.auctions.states import (
    AuctionStatus,
    BidKind,
    OfferStatus,
    Outcome,
    RuleStatus,
    SaleKind,
    SaleStatus,
)
from marketplace.media.tables import Media
from marketplace.orders.tables import Order


class Auction(Table, tablename="auctions"):
    """A listing. `ends_at` is the end as announced; each lot keeps the one that counts.

    Increments and anti-sniping are copied here from the settings when the listing is made, so that a later change of
    settings never changes a running auction.
    """

    id = UUID(primary_key=True, default=None)
    seller = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    title = Varchar(length=200)
    description = Text(default="")
    category = UUID(null=True, default=None, index=True)
    currency = Varchar(length=3)
    status = Varchar(length=16, choices=AuctionStatus, default=AuctionStatus.SCHEDULED)
    starts_at = Timestamptz(null=True, default=None)
    ends_at = Timestamptz(null=True, default=None)
    duration_s = Integer(default=0)
    snipe_window_s = Integer()
    snipe_extension_s = Integer()
    snipe_hard_cap_s = Integer()
    increments = JSONB()
    requires_hold = Boolean(default=False)
    deleted_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class Lot(Table, tablename="lots"):
    """What is bid on. Amounts are minor units of the auction's currency.

    `ends_at` is the effective end: anti-sniping moves it, never past `latest_end`. `leader_max_minor` is
    secret, also after the end. `held_minor` is what lies in the leader's wallet for it, on hold.
    """

    id = UUID(primary_key=True, default=None)
    auction = ForeignKey(Auction, on_delete=OnDelete.cascade, index=True)
    position = SmallInt(default=1)
    title = Varchar(length=200)
    description = Text(default="")
    start_minor = BigInt()
    reserve_minor = BigInt(null=True, default=None, secret=True)
    buy_now_minor = BigInt(null=True, default=None)
    price_minor = BigInt()
    leader = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    leader_max_minor = BigInt(default=0, secret=True)
    leader_max_at = Timestamptz(null=True, default=None)
    held_minor = BigInt(default=0, secret=True)
    bid_count = Integer(default=0)
    bidder_count = Integer(default=0)
    status = Varchar(length=16, choices=AuctionStatus, default=AuctionStatus.SCHEDULED)
    outcome = Varchar(length=16, choices=Outcome, default=Outcome.NONE)
    ends_at = Timestamptz(null=True, default=None)
    latest_end = Timestamptz(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)
    chain_seq = Integer(default=0)
    chain_hash = Varchar(length=64, default="")


class Bid(Table, tablename="bids"):
    """One row of a lot's history. Append-only: the database refuses UPDATE and DELETE.

    `bidder_no` is the bidder's number within the lot, by first bid; it stands for the bidder in the public chain.
    `max_minor` and `salt` are shown to the bidder alone; `commitment` binds them from the start.
    """

    id = UUID(primary_key=True, default=None)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict)
    seq = Integer()
    bidder = ForeignKey(User, on_delete=OnDelete.restrict)
    bidder_no = Integer()
    kind = Varchar(length=16, choices=BidKind, default=BidKind.BID)
    target_seq = Integer(null=True, default=None)
    reason = Varchar(length=32, default="")
    max_minor = BigInt(secret=True)
    price_before = BigInt()
    price_after = BigInt()
    leader_after = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict)
    leader_no = Integer(null=True, default=None)
    received_at = Timestamptz()
    placed_at = Timestamptz()
    salt = Varchar(length=32, secret=True)
    commitment = Varchar(length=64)
    prev_hash = Varchar(length=64)
    hash = Varchar(length=64)


class AutoBidRule(Table, tablename="auto_bid_rules"):
    """A standing maximum on a lot. At most one active rule a bidder and lot."""

    id = UUID(primary_key=True, default=None)
    lot = ForeignKey(Lot, on_delete=OnDelete.cascade, index=True)
    bidder = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    max_minor = BigInt()
    status = Varchar(length=16, choices=RuleStatus, default=RuleStatus.ACTIVE)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class AuctionHistory(Table, tablename="auction_history"):
    """Who moved what from which state to which, when and why. Append-only. No actor: the house itself."""

    id = BigSerial(primary_key=True)
    auction = ForeignKey(Auction, on_delete=OnDelete.restrict, index=True)
    subject = Varchar(length=16)
    subject_id = UUID(default=None, index=True)
    from_status = Varchar(length=20, default="")
    to_status = Varchar(length=20)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class Sale(Table, tablename="sales"):
    """A lot sold to somebody. At most one that is not unpaid or cancelled a lot.

    `order` is what it is paid and sent by; null only where it was over before wins were orders.
    """

    id = UUID(primary_key=True, default=None)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, index=True)
    auction = ForeignKey(Auction, on_delete=OnDelete.restrict, index=True)
    buyer = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    seller = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=16, choices=SaleKind, default=SaleKind.WIN)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=20, choices=SaleStatus, default=SaleStatus.AWAITING_PAYMENT)
    pay_by = Timestamptz()
    order = ForeignKey(Order, null=True, default=None, on_delete=OnDelete.restrict, unique=True)
    paid_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Strike(Table, tablename="auction_strikes"):
    """Somebody did not pay for a sale. Too many within some time, and they may not bid; staff may lift one."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.restrict)
    sale = ForeignKey(Sale, on_delete=OnDelete.restrict, unique=True)
    at = Timestamptz()
    lifted_at = Timestamptz(null=True, default=None)
    lifted_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    lift_reason = Text(default="")


class SecondChanceOffer(Table, tablename="second_chance_offers"):
    """A lot offered to its second bidder, at their own maximum, because the winner did not pay."""

    id = UUID(primary_key=True, default=None)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, index=True)
    auction = ForeignKey(Auction, on_delete=OnDelete.restrict, index=True)
    unpaid_sale = ForeignKey(Sale, on_delete=OnDelete.restrict, index=True)
    bidder = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=16, choices=OfferStatus, default=OfferStatus.OPEN)
    expires_at = Timestamptz()
    created_at = Timestamptz(default=TimestamptzNow())
    answered_at = Timestamptz(null=True, default=None)


class AuctionWatch(Table, tablename="auction_watches"):
    """Somebody keeps an eye on an auction: one row an account and auction."""

    id = BigSerial(primary_key=True)
    auction = ForeignKey(Auction, on_delete=OnDelete.cascade)
    user = ForeignKey(User, on_delete=OnDelete.cascade)
    created_at = Timestamptz(default=TimestamptzNow())


class AuctionImage(Table, tablename="auction_images"):
    """A picture of what is sold; `position` orders them, equal ones by age."""

    id = UUID(primary_key=True, default=None)
    auction = ForeignKey(Auction, on_delete=OnDelete.cascade)
    media = ForeignKey(Media, on_delete=OnDelete.restrict, unique=True)
    position = SmallInt(default=0)
    alt = Varchar(length=200, default="")
    created_at = Timestamptz(default=TimestamptzNow())
