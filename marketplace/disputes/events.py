"""What disputes tell others. Amounts are minor units of `currency`."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class DisputeEvent(Struct, frozen=True, kw_only=True):
    """What every event of a dispute says. `title` is that of the order's first line."""

    dispute_id: UUID
    order_id: UUID
    number: str
    title: str
    buyer_id: UUID
    seller_id: UUID
    currency: str


class DisputeOpened(DisputeEvent, frozen=True, kw_only=True):
    opener_id: UUID
    reason: str
    claim: int
    due_at: datetime


class DisputeAnswered(DisputeEvent, frozen=True, kw_only=True):
    """Something was said, or asked by staff; `to` it matters."""

    to: list[UUID]
    due_at: datetime | None


class DisputeProposed(DisputeEvent, frozen=True, kw_only=True):
    """`to` the other side, to accept or decline."""

    to: UUID
    buyer_amount: int
    seller_amount: int


class DisputeEscalated(DisputeEvent, frozen=True, kw_only=True):
    """Staff have to decide: for the first time, or after an appeal."""

    appealed: bool
    due_at: datetime


class DisputeDecided(DisputeEvent, frozen=True, kw_only=True):
    """It is carried out at `due_at`, unless somebody appeals."""

    how: str
    buyer_amount: int
    seller_amount: int
    due_at: datetime


class DisputeResolved(DisputeEvent, frozen=True, kw_only=True):
    """The money has been divided."""

    how: str
    buyer_amount: int
    seller_amount: int


class DisputeWithdrawn(DisputeEvent, frozen=True, kw_only=True):
    """The order goes on as if nothing had been."""
