"""Where the money of orders is, in words."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText, Currency
from marketplace.orders.schemas.orders import OrderRole
from marketplace.orders.states import EscrowStatus, PartStatus

SignedText = Annotated[
    str,
    Meta(pattern=r"^-?\d{1,16}(\.\d{1,4})?$", description="Decimal amount as text, with a sign", examples=["-12.50"]),
]


class MoneyLine(Struct, frozen=True, kw_only=True):
    """What one account gave (below zero) or got."""

    account: Annotated[str, Meta(examples=["escrow"])]
    name: Annotated[str, Meta(description="The account in words.", examples=["This order's escrow"])]
    amount: SignedText


class MoneyStep(Struct, frozen=True, kw_only=True):
    """One posting. `escrow_balance` is what lies in escrow after it."""

    id: UUID
    what: Annotated[str, Meta(description="A stable word: capture, release, refund.", examples=["capture"])]
    description: str
    lines: list[MoneyLine]
    escrow_balance: AmountText
    happened_at: datetime
    recorded_at: datetime


class OrderPartOut(Struct, frozen=True, kw_only=True):
    """What is paid at once of an order in parts. Its checkout shows to the buyer only."""

    position: int
    title: str
    amount: AmountText
    refunded: AmountText
    status: PartStatus
    checkout_id: UUID | None
    due_at: datetime | None
    paid_at: datetime | None


class OrderMoney(Struct, frozen=True, kw_only=True):
    """Every posting of an order, oldest first, as far as it concerns the viewer. The lines of a posting sum to zero.

    `parts` are those it is paid in, one after the other; none where it is paid whole.
    """

    order_id: UUID
    order_number: str
    role: OrderRole
    currency: Currency
    escrow_balance: AmountText
    parts: list[OrderPartOut]
    postings: list[MoneyStep]


class EscrowOut(Struct, frozen=True, kw_only=True):
    """The escrow of one order: `amount` was paid in; of it `held` is there, the rest has been released or given back."""

    order_id: UUID
    order_number: str
    kind: str
    title: str
    role: OrderRole
    status: EscrowStatus
    currency: Currency
    amount: AmountText
    held: AmountText
    released: AmountText
    refunded: AmountText
    frozen_at: datetime | None
    funded_at: datetime | None
    released_at: Annotated[datetime | None, Meta(description="When the order was completed.")]
    created_at: datetime
