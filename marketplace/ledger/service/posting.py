"""Posting transfers, and holding what a later one will take.

All of it is one statement: the database locks the accounts in the order of their ids, decides, and writes. A refusal
writes nothing and leaves the caller's transaction whole. Where a caller moves money twice in one transaction, one
`post_many` is better than two `post`: it takes its locks once, so it cannot meet another in a circle.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import structs

from marketplace.core import db
from marketplace.core.ids import digest, uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import CHART, Account
from marketplace.ledger.errors import AlreadyReversed, InsufficientFunds, KeyReused, MoreThanOwed
from marketplace.ledger.schemas import Recorded, Transfer
from marketplace.ledger.states import Action

POST: Final = (
    "SELECT outcome, place, transfer, at_account, room FROM ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
    "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
)


async def post(transfer: Transfer) -> Recorded:
    """Move the money now. Raises InsufficientFunds, MoreThanOwed or KeyReused, and then nothing has moved."""
    return (await post_many([transfer]))[0]


async def post_many(transfers: Sequence[Transfer]) -> list[Recorded]:
    """Move the money of all of them, in their order, in one statement; all or none. Keys differ."""
    return await record(Action.POST, transfers)


async def hold(transfer: Transfer) -> Recorded:
    """Reserve one move: the source cannot spend it otherwise until `settle` or `void`. Raises as `post` does."""
    if len(transfer.moves) != 1:
        raise ValueError("a hold is one move")
    return (await record(Action.HOLD, [transfer]))[0]


async def record(action: Action, transfers: Sequence[Transfer], reverses: UUID | None = None) -> list[Recorded]:
    """Write transfers of one kind. Deadlocks and races for a key are tried again, unless the transaction is the caller's."""
    if not transfers:
        return []
    if len({transfer.key for transfer in transfers}) < len(transfers):
        raise ValueError("two transfers of one call have the same key")
    call = _Call(action, transfers, reverses)

    async def once() -> list[asyncpg.Record]:
        return await db.fetch(POST, *call.arguments)

    recorded: list[Recorded | None] = [None] * len(transfers)
    for row in await db.retrying(once):
        if row["outcome"] not in ("posted", "replayed"):
            raise call.refusal(row)
        recorded[row["place"] - 1] = Recorded(row["transfer"], row["outcome"] == "replayed")
    assert all(recorded), "every transfer is told of"
    return recorded  # type: ignore[return-value]


def fingerprint(*what: Any) -> str:
    """What a transfer says, in 32 characters: two with one key must agree on it."""
    return digest(msgspec.json.encode(what))


class _Call:
    """The columns that `ledger_post` is called with."""

    def __init__(self, action: Action, transfers: Sequence[Transfer], reverses: UUID | None) -> None:
        self.transfers = transfers
        self.accounts: list[Account] = []
        self._places: dict[Account, int] = {}
        lines: list[tuple[int, int, int]] = []
        for place, transfer in enumerate(transfers, 1):
            nets: dict[int, int] = {}
            for move in transfer.moves:
                source, target = self._place(move.source), self._place(move.target)
                nets[source] = nets.get(source, 0) - move.amount.minor
                nets[target] = nets.get(target, 0) + move.amount.minor
            moved = [(place, account, net) for account, net in nets.items() if net]
            if not moved:
                raise ValueError(f"transfer {transfer.key!r} moves nothing")
            lines += moved
        rules = [CHART[account.kind] for account in self.accounts]
        self.arguments: list[Any] = [
            action is Action.HOLD,
            [uuid7() for _ in transfers],
            [t.key for t in transfers],
            [
                fingerprint(action, t.moves, t.reason, t.order_id, t.payment_id, t.payout_id, reverses)
                for t in transfers
            ],
            [action] * len(transfers),
            [t.reason for t in transfers],
            [t.actor for t in transfers],
            [t.order_id for t in transfers],
            [t.payment_id for t in transfers],
            [t.payout_id for t in transfers],
            [reverses] * len(transfers),
            [t.event_at for t in transfers],
            *([line[i] for line in lines] for i in range(3)),
            [account.kind for account in self.accounts],
            [account.owner for account in self.accounts],
            [account.provider for account in self.accounts],
            [account.currency for account in self.accounts],
            [account.shard or 0 for account in self.accounts],
            [rule.may_go_negative for rule in rules],
            [rule.may_go_positive for rule in rules],
        ]

    def _place(self, account: Account) -> int:
        place = self._places.get(account)
        if place is None:
            row = self._row(account)
            place = self._places.get(row)
            if place is None:
                self.accounts.append(row)
                place = self._places[row] = len(self.accounts)
            self._places[account] = place
        return place

    def _row(self, account: Account) -> Account:
        """The account with its shard chosen: one for the whole call, so that a batch touches few rows."""
        shards = CHART[account.kind].shards
        if shards == 1 or account.shard is not None:
            return account
        return structs.replace(account, shard=secrets.randbelow(shards))

    def refusal(self, row: asyncpg.Record) -> Exception:
        transfer = self.transfers[row["place"] - 1]
        if row["outcome"] == "key_reused":
            return KeyReused(key=transfer.key)
        if row["outcome"] == "reversed":
            return AlreadyReversed(transfer=str(row["transfer"]))
        account = self.accounts[row["at_account"] - 1]
        room = Money(row["room"], account.currency)
        if row["outcome"] == "owed":
            return MoreThanOwed(owed=room.text, currency=room.currency, key=transfer.key)
        return InsufficientFunds(
            available=room.text, currency=room.currency, account=account.kind.value, key=transfer.key
        )
