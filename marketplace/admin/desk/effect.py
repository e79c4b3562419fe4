"""What a split does to the books, in words a moderator can check."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from marketplace.core.money import to_text
from marketplace.ledger.schemas import Posting
from marketplace.ledger.states import AccountKind
from marketplace.orders.queries.money import NAMES, SAID, TO_THE_SELLER

K = AccountKind
TO_THE_BUYER: Final = frozenset({K.WALLET_AVAILABLE, K.REFUND_CLEARING})


class Row(Struct, frozen=True):
    account: str
    amount: str
    incoming: bool


class Step(Struct, frozen=True):
    what: str
    rows: Sequence[Row]


class Effect(Struct, frozen=True):
    """`buyer`, `seller`, `platform` and `tax` are what each has in the end, as text in `currency`."""

    currency: str
    buyer: str
    seller: str
    platform: str
    tax: str
    steps: Sequence[Step]


def of(postings: Sequence[Posting]) -> Effect:
    """Of the transfers of one order's split, all in its currency."""
    lines = [line for posting in postings for line in posting.lines]
    currency = lines[0].amount.currency

    def total(*kinds: AccountKind) -> str:
        return to_text(sum(line.amount.minor for line in lines if line.kind in kinds), currency)

    return Effect(
        currency, total(*TO_THE_BUYER), total(K.SELLER_PENDING), total(K.PLATFORM_FEE), total(K.TAX_PAYABLE),
        [_step(posting, currency) for posting in postings],
    )  # fmt: skip


def _step(posting: Posting, currency: str) -> Step:
    rows = [
        Row(NAMES[TO_THE_SELLER.get(line.kind, "other")], _signed(line.amount.minor, currency), line.amount.minor > 0)
        for line in posting.lines
    ]
    return Step(SAID.get(posting.reason, posting.reason), rows)


def _signed(minor: int, currency: str) -> str:
    return f"{'+' if minor > 0 else '−'}{to_text(abs(minor), currency)}"
