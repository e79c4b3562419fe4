"""Bid holds: where a listing asks for it, the leader's maximum is set aside in their wallet for as long as they lead.

RULES: Money, "hold for a bid". `lots.held_minor` is what lies in the leader's `wallet_held` for the lot. Wallets are locked
after the lot, all that a transaction may touch at once. A lot whose listing asks for nothing costs no statement here.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import structlog
from msgspec import Struct
from msgspec.structs import replace

from marketplace.auctions.bidding import Standing
from marketplace.auctions.events import HoldReleased
from marketplace.auctions.locks import LockedLot
from marketplace.core import db, outbox
from marketplace.core.money import Money, to_text
from marketplace.ledger.chart import Account
from marketplace.ledger.errors import InsufficientFunds
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.locking import lock_available
from marketplace.ledger.service.posting import post_many
from marketplace.ledger.states import AccountKind
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.service.paying import pay_from_wallet

log = structlog.get_logger(__name__)


class Covers(Struct, frozen=True):
    """What each bidder could pay for this lot: what is free in their wallet, and what is held there for it already."""

    minor: dict[UUID, int]

    def of(self, bidder: UUID) -> int:
        return self.minor.get(bidder, 0)

    def without(self, bidders: Iterable[UUID]) -> "Covers":
        """These bidders' money is not to be had, wherever it is."""
        return Covers(self.minor | dict.fromkeys(bidders, 0))


async def lock_covers(lot: LockedLot, bidders: Collection[UUID]) -> Covers:
    """Lock the wallets of these bidders and of the leader, and say what each of them could pay for the lot."""
    people = {*bidders, *([lot.standing.leader] if lot.standing.leader else [])}
    free = await lock_available([account for person in people for account in _wallet(person, lot.currency)])
    covers = {person: free[_wallet(person, lot.currency)[0]] for person in people}
    if lot.standing.leader is not None:
        covers[lot.standing.leader] += lot.held_minor
    return Covers(covers)


async def lock_wallets(lots: Sequence[LockedLot]) -> None:
    """Lock the wallets of all who lead these lots with held money, so that ending one lot after the other meets no deadlock."""
    accounts = [
        account
        for lot in lots
        if lot.held_minor and lot.standing.leader
        for account in _wallet(lot.standing.leader, lot.currency)
    ]
    if accounts:
        await lock_available(accounts)


def check_covered(lot: LockedLot, covers: Covers, bidder: UUID, minor: int, field: str | None = None) -> None:
    """Raises InsufficientFunds naming what is there and what it takes. RULES: never over-committed."""
    if covers.of(bidder) >= minor:
        return
    available, required = to_text(covers.of(bidder), lot.currency), to_text(minor, lot.currency)
    told = (
        f"This auction holds your maximum in your wallet: it takes {required} {lot.currency}, and {available} is there."
    )
    raise InsufficientFunds(
        told, fields={field: [told]} if field else None, available=available, required=required, currency=lot.currency
    )


def held_after(lot: LockedLot, standing: Standing) -> int:
    """What is to be held once the lot stands like this."""
    return standing.leader_max_minor if lot.requires_hold and standing.leader is not None else 0


async def follow(lot: LockedLot, standing: Standing, seq: int, reason: str) -> None:
    """Move the hold to where the lead is after row `seq` of the lot's history. `lot` is as it was before."""
    before, after = (lot.standing.leader, lot.held_minor), (standing.leader, held_after(lot, standing))
    if before[0] == after[0]:
        changes = [(after[0], after[1] - before[1])]
    else:
        changes = [(before[0], -before[1]), (after[0], after[1])]
    moved = [(person, minor) for person, minor in changes if person is not None and minor]
    if not moved:
        return
    await post_many([
        _transfer(f"lot:{lot.id}:{'hold' if minor > 0 else 'release'}:{seq}", person, lot.currency, minor)
        for person, minor in moved
    ])  # fmt: skip
    await outbox.emit(*(_released(lot, person, -minor, reason) for person, minor in moved if minor < 0))


async def release(lots: Sequence[LockedLot], reason: str) -> None:
    """Give back all that is held for these locked lots, which are over. Their `held_minor` is the caller's to write."""
    held = [(lot, lot.standing.leader) for lot in lots if lot.held_minor and lot.standing.leader]
    if held:
        await post_many([
            _transfer(f"lot:{lot.id}:release", person, lot.currency, -lot.held_minor) for lot, person in held
        ])  # fmt: skip
        await outbox.emit(*(_released(lot, person, lot.held_minor, reason) for lot, person in held))


async def consume(lot: LockedLot, checkout_id: UUID, price_minor: int) -> bool:
    """Pay for a lot that was won with what is held for it, and free the rest. False if that could not be: then all is free.

    A lot closes whatever becomes of its money; an order that is not paid here is the buyer's to pay.
    """
    await lock_wallets([lot])
    buyer = lot.standing.leader
    assert buyer is not None, "money is held for whoever leads"
    price = min(price_minor, lot.held_minor)
    try:
        async with db.savepoint():
            await pay_from_wallet(buyer, PURPOSE, checkout_id, held=Money(price, lot.currency))
    except db.RETRYABLE:
        raise
    except Exception:
        log.exception("auctions.hold_not_consumed", lot_id=str(lot.id), checkout_id=str(checkout_id))
        await release([lot], "ended")
        return False
    await release([replace(lot, held_minor=lot.held_minor - price)], "ended")
    return True


def _wallet(owner: UUID, currency: str) -> tuple[Account, Account]:
    """(available, held)"""
    return (
        Account(AccountKind.WALLET_AVAILABLE, currency, owner),
        Account(AccountKind.WALLET_HELD, currency, owner),
    )


def _transfer(key: str, owner: UUID, currency: str, minor: int) -> Transfer:
    """Hold so much more, or with a negative amount give it back."""
    available, held = _wallet(owner, currency)
    amount = Money(abs(minor), currency)
    move = Move(available, held, amount) if minor > 0 else Move(held, available, amount)
    return Transfer(key=key, reason="bid_hold" if minor > 0 else "bid_release", moves=[move], actor=owner)


def _released(lot: LockedLot, person: UUID, minor: int, reason: str) -> HoldReleased:
    return HoldReleased(
        auction_id=lot.auction_id, lot_id=lot.id, user_id=person, title=lot.title, amount=minor, currency=lot.currency,
        reason=reason,
    )  # fmt: skip
