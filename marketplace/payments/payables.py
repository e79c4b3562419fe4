"""What payments are for. Whoever wants to be paid registers a purpose; a payment knows its name and its subject, no more.

    payables.register(CheckoutPayable())

`completing.apply` is the one function in which money that came in becomes something paid for.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import NotFound
from marketplace.core.money import Money
from marketplace.ledger.chart import Account


class Share(Struct, frozen=True):
    """A part of what is due, and the account it belongs in: an order's escrow, a wallet."""

    account: Account
    amount: Money
    order_id: UUID | None = None


class Due(Struct, frozen=True, kw_only=True):
    """What is to be paid for a locked subject. `open` is False once it is paid, cancelled or expired; `shares` sum to `amount`."""

    payer: UUID
    amount: Money
    open: bool
    description: str
    shares: Sequence[Share]


class Payable(Protocol):
    purpose: str

    async def lock(self, subject: UUID) -> Due:
        """Lock the subject, everything that must be locked before it, and say what is due. Raises NotFound."""
        ...

    async def paid(self, subject: UUID, payment_id: UUID) -> None:
        """The money is in the accounts that `lock` named, in this transaction; the locks are held. Must not refuse."""
        ...

    async def take_back(self, subject: UUID, *, key: str, reason: str, amount: Money, to: Account) -> None:
        """The payer's bank takes `amount` of what was paid: post it from whoever has it to the account `to`, once for `key`.

        Locks the subject and whatever comes before it. Must not refuse: what nobody has becomes a debt.
        """
        ...

    async def give_back(self, subject: UUID, *, key: str, reason: str, source: Account) -> None:
        """The chargeback was won: post what `take_back` took under the same `key` from `source` to where it belongs now."""
        ...

    async def lost(self, subject: UUID, *, key: str) -> None:
        """The chargeback was lost, and what `take_back` took stays taken. Where it lies is for the caller to post on."""
        ...

    async def refund_failed(self, subject: UUID, *, refund_id: UUID, amount: Money, source: Account) -> None:
        """The provider could not give a refund back to the payer: post `amount` from `source` to where the payer finds it."""
        ...


class NothingDue(NotFound):
    code = "nothing_due"
    default_message = "There is nothing of yours to pay here."


_payables: dict[str, Payable] = {}


def register(payable: Payable) -> None:
    _payables[payable.purpose] = payable


def payable(purpose: str) -> Payable:
    return _payables[purpose]


def purposes() -> list[str]:
    return sorted(_payables)


class Payee(Struct, frozen=True):
    """What a request's body names, as something to pay for."""

    purpose: str
    subject: UUID


Resolver: TypeAlias = Callable[[UUID, UUID], Awaitable[Payee]]
"""(the viewer, what the field says) -> what is to be paid. Raises NotFound where it is none of the viewer's."""

FIELDS: Final = ("order_id", "checkout_id", "auction_id", "milestone_id")
"""The fields of a body by which something to pay for may be named; the packages above say how."""

_aliases: dict[str, Resolver] = {}


def alias(field: str, resolver: Resolver) -> None:
    """Say what `{"<field>": "<id>"}` in a payment's body means.

        payables.alias("order_id", checkout_of_order)

    Raises ValueError for a field that bodies do not have.
    """
    if field not in FIELDS:
        raise ValueError(f"{field!r} is no field of a payment's body")
    _aliases[field] = resolver


async def resolve(field: str, viewer_id: UUID, value: UUID) -> Payee:
    """Raises NothingDue where nobody has said what the field means, and whatever NotFound its resolver raises."""
    if field not in _aliases:
        raise NothingDue
    return await _aliases[field](viewer_id, value)
