"""What the ledger is told and what it tells. Amounts are `Money`; a balance may be negative."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import ValidationFailed
from marketplace.core.money import MAX_MINOR, Money
from marketplace.ledger.chart import NOBODY, Account
from marketplace.ledger.states import AccountKind, Action, TransferStatus


class Move(Struct, frozen=True):
    """So much from `source` (debited) to `target` (credited). Raises ValidationFailed unless it is above zero and within reason."""

    source: Account
    target: Account
    amount: Money

    def __post_init__(self) -> None:
        if not 0 < self.amount.minor <= MAX_MINOR:
            raise ValidationFailed.of("amount", "Must be an amount above zero, within reason.")
        if not self.source.currency == self.target.currency == self.amount.currency:
            raise ValueError(f"{self.amount} does not fit {self.source.currency} and {self.target.currency}")
        if self.source == self.target:
            raise ValueError(f"{self.source} cannot pay itself")


class Transfer(Struct, frozen=True, kw_only=True):
    """Moves that happen together or not at all.

    `key` makes it happen once: name what it is for (`order:<id>:release`), never a random one. `reason` is a short
    stable word for programs and statements, `actor` whoever did it (None: the service itself), `event_at` when it happened
    (None: now).
    """

    key: str
    reason: str
    moves: Sequence[Move]
    actor: UUID | None = None
    order_id: UUID | None = None
    payment_id: UUID | None = None
    payout_id: UUID | None = None
    event_at: datetime | None = None

    def __post_init__(self) -> None:
        if not (0 < len(self.key) <= 200 and 0 < len(self.reason) <= 64 and self.moves):
            raise ValueError(f"transfer {self.key!r} lacks a key, a reason or a move, or a word is too long")


class Recorded(Struct, frozen=True):
    """`replayed`: it had been recorded before under the same key, and nothing happened now."""

    id: UUID
    replayed: bool


class Resolved(Struct, frozen=True):
    """What became of a hold. `amount` is what was settled; the rest is free again."""

    id: UUID
    amount: Money
    replayed: bool


class Balance(Struct, frozen=True):
    """Of a whole account, all shards of it. `available` is what may be spent: the balance less what holds will take."""

    account: Account
    balance: Money
    available: Money
    pending_out: Money
    pending_in: Money


class StatementLine(Struct, frozen=True, kw_only=True):
    """One entry of an account. `previous` and `current` are the balance around it."""

    seq: int
    transfer_id: UUID
    action: Action
    reason: str
    amount: Money
    previous: Money
    current: Money
    order_id: UUID | None
    payment_id: UUID | None
    payout_id: UUID | None
    event_at: datetime
    created_at: datetime


class Statement(Struct, frozen=True):
    """Newest first. `before` asks for the next page; None when there is none."""

    lines: list[StatementLine]
    before: int | None


class Line(Struct, frozen=True):
    """One account's part of a transfer: signed."""

    kind: AccountKind
    amount: Money
    owner: UUID = NOBODY
    provider: str = ""


class Posting(Struct, frozen=True, kw_only=True):
    """A transfer with all its lines; of a hold, those that are to come, and of a void, none."""

    id: UUID
    key: str
    action: Action
    status: TransferStatus
    reason: str
    actor: UUID | None
    resolves: UUID | None
    reverses: UUID | None
    event_at: datetime
    created_at: datetime
    lines: list[Line]
