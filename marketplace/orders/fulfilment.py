"""What a way to sell does for its orders. Everything else (checkout, payment, escrow, refund, invoice) is done once, here.

fulfilments.register(AuctionWins())
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from marketplace.core.money import Money
from marketplace.core.states import Machine
from marketplace.orders.states import PHASE, Phase


class Line(Struct, frozen=True, kw_only=True):
    """What is bought, priced. `total` is after nothing but quantity: discount and tax stand beside it."""

    subject: UUID
    title: str
    total: Money
    quantity: int = 1
    sku: str = ""
    variant: str = ""
    discount: Money | None = None
    tax: Money | None = None
    category: UUID | None = None
    snapshot: Mapping[str, Any] = {}


class Draft(Struct, frozen=True, kw_only=True):
    """One seller's order before it is placed. All lines are in one currency; the commission is worked out when it is placed."""

    kind: str
    seller: UUID
    lines: Sequence[Line]
    shipping: Money | None = None
    shipping_address: Mapping[str, Any] | None = None
    billing_address: Mapping[str, Any] | None = None
    note: str = ""
    expires_at: datetime | None = None
    """When it is given up unpaid; None: after the platform's time (30 minutes)."""


class LockedOrder(Struct, frozen=True, kw_only=True):
    """An order under its row lock, with what its kind locks before it. Amounts in minor units of `currency`."""

    id: UUID
    number: str
    checkout: UUID
    kind: str
    title: str
    """Of its first line."""
    buyer: UUID
    seller: UUID
    status: str
    phase: Phase
    currency: str
    total_minor: int
    tax_minor: int
    commission_minor: int
    captured_minor: int
    released_minor: int
    refunded_minor: int
    refunded_held_minor: int
    in_parts: bool
    frozen_at: datetime | None
    frozen_by: str
    expires_at: datetime | None
    auto_complete_at: datetime | None
    sent_parts: int
    """How many shipments of it have left."""
    open_returns: int
    paused_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None

    @property
    def frozen(self) -> bool:
        """Its money stays where it is."""
        return self.frozen_at is not None

    @property
    def held_minor(self) -> int:
        """What lies in escrow."""
        return self.captured_minor - self.released_minor - self.refunded_held_minor

    @property
    def refundable_minor(self) -> int:
        """What was paid and has not been given back."""
        return self.captured_minor - self.refunded_minor


class CancelledBy(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"
    EXPIRED = "expired"
    KIND = "kind"
    """The way to sell itself: an auction that was taken down."""


Deed: TypeAlias = Callable[[LockedOrder, UUID], Awaitable[LockedOrder]]
"""(the locked order, who takes the step) -> the order after it. Refuses before it has changed anything."""


Heard: TypeAlias = Callable[[LockedOrder], Awaitable[None]]

HeardWith: TypeAlias = Callable[[LockedOrder, int], Awaitable[None]]


class Step(Struct, frozen=True):
    """A move that one side of an order makes by its name: `POST /orders/{id}/accept`. By the seller, or else the buyer.

    `deed` is what the step is, where it is more than the move; it moves the order to `to` itself. `at`: from there only, whatever
    else the machine allows.
    """

    to: str
    by: CancelledBy = CancelledBy.SELLER
    note: str = ""
    deed: Deed | None = None
    at: str | None = None


class Fulfilment(Protocol):
    """One way to sell. Every `on_` runs in the transaction that makes it true, under the order's lock."""

    kind: str
    machine: Machine[Any]
    statuses: type[StrEnum]
    phases: Mapping[str, Phase]
    first: str
    """The status of an order that has just been placed."""
    paid: str
    completed: str
    cancelled: str

    async def lock(self, *order_ids: UUID) -> None:
        """Lock the kind's own rows that its hooks change, in the kind's order: they come before the orders' rows.

        Several orders at once where they are of one checkout, so that their rows are locked in one order, too.
        """
        ...

    async def on_paid(self, order: LockedOrder) -> None: ...

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        """Give back what was reserved, once. `order` is as it was before; `expires_at` unpaid is `by` EXPIRED."""
        ...

    async def on_completed(self, order: LockedOrder) -> None: ...

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        """Whether this side may cancel it as it stands (the machine decides the rest): asked for BUYER, SELLER and STAFF.

        A win is not the buyer's to cancel. May raise a CancellationRefused of its own, which says when it could be.
        """
        ...


_kinds: dict[str, Fulfilment] = {}
_steps: dict[str, Mapping[str, Step]] = {}
_disputed: dict[str, str] = {}
_on_frozen: dict[str, Heard] = {}
_on_part_paid: dict[str, HeardWith] = {}
_on_released: dict[str, HeardWith] = {}


def register(
    fulfilment: Fulfilment,
    steps: Mapping[str, Step] | None = None,
    *,
    disputed: str | None = None,
    on_frozen: Heard | None = None,
    on_part_paid: HeardWith | None = None,
    on_released: HeardWith | None = None,
) -> None:
    """`disputed` is the status of an order whose sides are in dispute, where the kind has a word for that: it comes with the
    freeze and goes back with its end to what it was before. `on_frozen` hears under the lock, with the order as it is then,
    that it has been frozen, or that it goes on; `on_part_paid`, of an order in parts, the position of one after the first that has
    been paid; `on_released` how much was released of its escrow, in minor units.

    Raises ValueError where its machine does what the spine does not allow (a phase that goes back), or a step moves money.
    """
    for status in fulfilment.statuses:
        for after in fulfilment.statuses:
            if fulfilment.machine.allows(status, after) and not PHASE.allows(
                fulfilment.phases[status], fulfilment.phases[after]
            ):
                raise ValueError(f"{fulfilment.kind}: {status} must not become {after}")
    for name, step in (steps or {}).items():
        if fulfilment.phases[step.to] is not Phase.OPEN:
            raise ValueError(f"{fulfilment.kind}: {name} must leave the money where it is")
    if disputed is not None and fulfilment.phases[disputed] is not Phase.OPEN:
        raise ValueError(f"{fulfilment.kind}: {disputed} must leave the money where it is")
    _kinds[fulfilment.kind], _steps[fulfilment.kind] = fulfilment, steps or {}
    _disputed.pop(fulfilment.kind, None)
    if disputed is not None:
        _disputed[fulfilment.kind] = disputed
    _on_frozen.pop(fulfilment.kind, None)
    if on_frozen is not None:
        _on_frozen[fulfilment.kind] = on_frozen
    _on_part_paid.pop(fulfilment.kind, None)
    if on_part_paid is not None:
        _on_part_paid[fulfilment.kind] = on_part_paid
    _on_released.pop(fulfilment.kind, None)
    if on_released is not None:
        _on_released[fulfilment.kind] = on_released


def of_kind(kind: str) -> Fulfilment:
    return _kinds[kind]


def steps_of(kind: str) -> Mapping[str, Step]:
    return _steps[kind]


def disputed_of(kind: str) -> str | None:
    return _disputed.get(kind)


async def tell_frozen(order: LockedOrder) -> None:
    """Of a locked order that has just been frozen or thawed."""
    heard = _on_frozen.get(order.kind)
    if heard is not None:
        await heard(order)


async def tell_part_paid(order: LockedOrder, position: int) -> None:
    """Of a locked order of which a further part has just been paid."""
    heard = _on_part_paid.get(order.kind)
    if heard is not None:
        await heard(order, position)


async def tell_released(order: LockedOrder, minor: int) -> None:
    """Of a locked order of which so much has just been released."""
    heard = _on_released.get(order.kind)
    if heard is not None:
        await heard(order, minor)


def kinds() -> list[str]:
    return sorted(_kinds)
