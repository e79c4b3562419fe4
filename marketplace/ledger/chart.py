"""The chart of accounts. A balance is what was paid in less what was paid out, so the accounts of the outside world
(provider, bank) stand below zero by what they brought in.
"""

from enum import Enum, auto
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core.money import check_currency
from marketplace.ledger.states import AccountKind

NOBODY: Final = UUID(int=0)
"""The owner of what is the platform's own, or a provider's."""


class Holder(Enum):
    USER = auto()
    ORDER = auto()
    PROVIDER = auto()
    PLATFORM = auto()


class Limit(Enum):
    NONE = auto()
    NOT_NEGATIVE = auto()
    NOT_POSITIVE = auto()


class Rule(Struct, frozen=True):
    """Whose accounts of a kind are, and where they may not go.

    What everybody's transfers touch is spread over `shards` rows, lest all wait for one. Its limit, if any, is one of
    the sum of the shards: reconciliation watches it, while the limit of a single row is the database's.
    """

    holder: Holder
    limit: Limit = Limit.NOT_NEGATIVE
    shards: int = 1

    @property
    def may_go_negative(self) -> bool:
        return self.limit is not Limit.NOT_NEGATIVE or self.shards > 1

    @property
    def may_go_positive(self) -> bool:
        return self.limit is not Limit.NOT_POSITIVE or self.shards > 1


CHART: Final = {
    AccountKind.WALLET_AVAILABLE: Rule(Holder.USER),
    AccountKind.WALLET_HELD: Rule(Holder.USER),
    AccountKind.ESCROW: Rule(Holder.ORDER),
    AccountKind.SELLER_PENDING: Rule(Holder.USER),
    AccountKind.SELLER_AVAILABLE: Rule(Holder.USER),
    # What a seller owes: refunds that nothing of theirs was left to pay for. Never above zero, for a debt is paid back once.
    AccountKind.SELLER_NEGATIVE: Rule(Holder.USER, Limit.NOT_POSITIVE),
    AccountKind.PLATFORM_FEE: Rule(Holder.PLATFORM, Limit.NONE, shards=32),
    AccountKind.TAX_PAYABLE: Rule(Holder.PLATFORM, Limit.NOT_NEGATIVE, shards=32),
    AccountKind.PROVIDER_CLEARING: Rule(Holder.PROVIDER, Limit.NONE, shards=32),
    AccountKind.PAYOUT_IN_TRANSIT: Rule(Holder.PROVIDER, Limit.NOT_NEGATIVE, shards=16),
    AccountKind.REFUND_CLEARING: Rule(Holder.PROVIDER, Limit.NONE, shards=16),
    AccountKind.DISPUTE_HOLD: Rule(Holder.ORDER),
    AccountKind.BANK: Rule(Holder.PLATFORM, Limit.NONE, shards=4),
}


class Account(Struct, frozen=True, order=True):
    """An account by what it is; it comes to be with its first transfer.

    `owner` is a user or an order, `provider` a provider's name: whichever the chart asks for, and nothing else. `shard`
    None lets the ledger choose the row. Raises ValueError for what the chart does not know, ValidationFailed for a
    currency that is none.
    """

    kind: AccountKind
    currency: str
    owner: UUID = NOBODY
    provider: str = ""
    shard: int | None = None

    def __post_init__(self) -> None:
        rule = CHART[self.kind]
        if (self.owner != NOBODY) != (rule.holder in (Holder.USER, Holder.ORDER)):
            raise ValueError(f"{self.kind} belongs to one {rule.holder.name.lower()}, not to {self.owner}")
        if bool(self.provider) != (rule.holder is Holder.PROVIDER):
            raise ValueError(f"{self.kind} and provider {self.provider!r} do not go together")
        if self.shard is not None and not (rule.shards > 1 and 0 <= self.shard < rule.shards):
            raise ValueError(f"{self.kind} has no shard {self.shard}")
        check_currency(self.currency)
