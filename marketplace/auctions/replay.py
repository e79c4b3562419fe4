"""`replay FILE.csv`: recorded auctions once more, every bid through the real services, and what they would go for here.

The file is read and checked whole before anything is stored, and all of it is stored in one transaction.
"""

import csv
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

import msgspec
from msgspec import Struct, field

from marketplace.accounts.tables import User
from marketplace.auctions.invariants import violations
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.bids import BidRequest, place_bids
from marketplace.auctions.service.lifecycle import close_due
from marketplace.auctions.service.listing import AuctionDraft, LotDraft, create_auction
from marketplace.auctions.states import Outcome
from marketplace.core import clock, db
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import MAX_MINOR, to_minor, to_text

COLUMNS: Final = ("auction", "item", "days", "open_price", "final_price", "bid", "bid_day", "bidder")
CURRENCY: Final = "USD"
LONGEST_DAYS: Final = 30
NUMBER: Final = re.compile(r"\d{1,13}(\.\d{1,12})?", re.ASCII)
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,24}", re.ASCII)


class Malformed(Exception):
    """The file is not what it should be; `str()` names the line."""


class RecordedBid(Struct, frozen=True):
    bidder: str
    amount: Decimal
    after: timedelta


class RecordedAuction(Struct, frozen=True, kw_only=True):
    id: str
    item: str
    lasted: timedelta
    open_minor: int
    final_minor: int
    bids: list[RecordedBid] = field(default_factory=list)


class Difference(Struct, frozen=True, kw_only=True):
    """An auction that goes for something else here. `got` is null if nobody's bid was let in."""

    auction: str
    item: str
    recorded: str
    got: str | None


class Report(Struct, frozen=True, kw_only=True):
    auctions: int
    bids: int
    refused: int
    exact: int
    differing: list[Difference]


def read(path: Path) -> list[RecordedAuction]:
    """Every auction of the file with its bids. Raises Malformed naming the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parse(file)
    except OSError as error:
        raise Malformed(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Malformed(f"{path}: not UTF-8 text") from None


def _parse(file: TextIO) -> list[RecordedAuction]:
    rows = csv.reader(file, strict=True)
    auctions: dict[str, RecordedAuction] = {}
    line = 1
    """Where the row begins: a quote that nobody closes swallows what follows."""
    try:
        header = next(rows, [])
        if sorted(header) != sorted(COLUMNS):
            raise _Wrong(f"the columns must be {','.join(COLUMNS)}")
        while True:
            line = rows.line_num + 1
            if (cells := next(rows, None)) is None:
                break
            if len(cells) != len(header):
                raise _Wrong(f"{len(cells)} columns, but {len(header)} are expected")
            _take(auctions, dict(zip(header, cells, strict=True)))
    except (_Wrong, csv.Error) as error:
        raise Malformed(f"line {line}: {error}") from None
    return list(auctions.values())


class _Wrong(Exception):
    pass


def _take(auctions: dict[str, RecordedAuction], row: dict[str, str]) -> None:
    item = row["item"].strip()
    if not row["auction"].strip() or not 0 < len(item) <= 200:
        raise _Wrong("auction and item must not be empty, and item have at most 200 letters")
    auction = RecordedAuction(
        id=row["auction"], item=item, lasted=_days(row, "days"), open_minor=_amount(row, "open_price"),
        final_minor=_amount(row, "final_price"),
    )  # fmt: skip
    if not timedelta(minutes=1) <= auction.lasted <= timedelta(days=LONGEST_DAYS):
        raise _Wrong(f"days must be at most {LONGEST_DAYS}, and more than nothing")
    known = auctions.setdefault(auction.id, auction)
    if (known.item, known.lasted, known.open_minor, known.final_minor) != (
        auction.item, auction.lasted, auction.open_minor, auction.final_minor,
    ):  # fmt: skip
        raise _Wrong(f"item, days, open_price and final_price of auction {auction.id} are not those of its first line")
    if not NAME.fullmatch(row["bidder"]):
        raise _Wrong(f"bidder {row['bidder']!r} is not a name of letters, digits, `_`, `.` and `-`")
    bid = RecordedBid(row["bidder"], Decimal(_amount(row, "bid")).scaleb(-2), _days(row, "bid_day"))
    if known.bids and bid.after < known.bids[-1].after:
        raise _Wrong("bid_day is before that of the bid above: bids must be in order of time")
    known.bids.append(bid)


def _number(row: dict[str, str], name: str) -> Decimal:
    if not NUMBER.fullmatch(row[name]):
        raise _Wrong(f"{name} {row[name]!r} is not a decimal number")
    return Decimal(row[name])


def _amount(row: dict[str, str], name: str) -> int:
    amount = _number(row, name)
    if amount != round(amount, 2) or not 0 < amount.scaleb(2) <= MAX_MINOR:
        raise _Wrong(f"{name} {row[name]!r} is not an amount of dollars and cents")
    return to_minor(amount, CURRENCY)


def _days(row: dict[str, str], name: str) -> timedelta:
    days = _number(row, name)
    if days > LONGEST_DAYS:
        raise _Wrong(f"{name} {row[name]!r} is more than {LONGEST_DAYS}")
    return timedelta(microseconds=int(days * 86_400_000_000))


async def replay(auctions: list[RecordedAuction], progress: Callable[[int, int], None] = lambda _, __: None) -> Report:
    """List, bid on and close every auction, in one transaction. `progress` hears how many of how many are done.

    They are laid into the past, so that nothing of them is still to happen when the transaction commits.
    """
    refused, differing = 0, []
    async with db.transaction():
        seller, people = await _make_people({bid.bidder for auction in auctions for bid in auction.bids})
        for done, auction in enumerate(auctions):
            progress(done, len(auctions))
            got, not_let_in = await _play(auction, seller, people)
            refused += not_let_in
            if got != auction.final_minor:
                differing.append(
                    Difference(
                        auction=auction.id, item=auction.item, recorded=to_text(auction.final_minor, CURRENCY),
                        got=None if got is None else to_text(got, CURRENCY),
                    )
                )  # fmt: skip
    progress(len(auctions), len(auctions))
    return Report(
        auctions=len(auctions), bids=sum(len(auction.bids) for auction in auctions), refused=refused,
        exact=len(auctions) - len(differing), differing=differing,
    )  # fmt: skip


async def _make_people(names: set[str]) -> tuple[UUID, dict[str, UUID]]:
    run, now = secrets.token_hex(4), clock.now()
    people = {name: uuid7() for name in sorted(names)}
    seller = uuid7()
    users = [
        User(
            id=user_id, username=f"replay-{run}-{name}", email=f"{run}-{name}@replay.invalid", password_hash="!",  # noqa: S106 - nobody signs in with it
            email_verified_at=now,
        )
        for name, user_id in [*people.items(), ("seller!", seller)]
    ]  # fmt: skip
    for some in range(0, len(users), 1000):
        await User.insert(*users[some : some + 1000])
    return seller, people


async def _play(auction: RecordedAuction, seller: UUID, people: dict[str, UUID]) -> tuple[int | None, int]:
    """What the auction goes for here, in cents (None: unsold), and how many bids were refused."""
    start = clock.now() - auction.lasted - timedelta(hours=2)
    draft = AuctionDraft(
        title=auction.item, description=f"Recorded auction {auction.id}.", currency=CURRENCY, starts_at=start,
        duration=auction.lasted, lots=[LotDraft(title=auction.item, start_minor=auction.open_minor)],
    )  # fmt: skip
    auction_id = await create_auction(seller, draft, now=start)
    results = await place_bids(LotRef(auction_id=auction_id), list(_requests(auction, start, people)))
    lot = await db.fetch_row("SELECT id, ends_at FROM lots WHERE auction = $1", auction_id)
    assert lot is not None and await close_due(lot["id"]), "an auction of the past can be closed"
    closed = await db.fetch_row("SELECT outcome, price_minor FROM lots WHERE id = $1", lot["id"])
    assert closed is not None
    price = closed["price_minor"] if closed["outcome"] == Outcome.SOLD else None
    return price, sum(isinstance(result, DomainError) for result in results)


def _requests(auction: RecordedAuction, start: datetime, people: dict[str, UUID]) -> Iterator[BidRequest]:
    for bid in auction.bids:
        yield BidRequest(bidder_id=people[bid.bidder], amount=bid.amount, received_at=start + bid.after)


async def main(path: Path, *, as_json: bool) -> int:
    """The command: 0 when all went through and the invariants hold, 1 when they don't, 2 for a malformed file."""
    try:
        auctions = read(path)
    except Malformed as error:
        print(f"replay: {error}. Nothing was loaded.", file=sys.stderr)  # noqa: T201
        return 2
    report = await replay(auctions, _bar)
    broken = [breach async for breach in violations()]
    _summarise(report, broken)
    if as_json:
        print(msgspec.json.encode(report).decode())  # noqa: T201
    return 1 if broken else 0


def _bar(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    filled = 40 * done // max(total, 1)
    end = "\n" if done == total else ""
    print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{total} auctions", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _summarise(report: Report, broken: list[str]) -> None:
    for one in report.differing:
        print(f"  {one.auction} {one.item}: went for {one.recorded}, here for {one.got or 'nothing'}")  # noqa: T201
    print(  # noqa: T201
        f"{report.auctions} auctions, {report.bids} bids, {report.refused} refused by the rules; "
        f"{report.exact} end exact to the cent, {len(report.differing)} differ."
    )
    for breach in broken:
        print(f"BROKEN: {breach}")  # noqa: T201
    if not broken:
        print("The invariants hold.")  # noqa: T201
