"""Subscriptions and their charges, read for update. The subscription's lock is the charges' too, and comes before orders'."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.subscriptions.errors import NoSubscription
from marketplace.subscriptions.states import LIVE, ChargeKind, ChargeStatus, SubscriptionStatus

COLUMNS: Final = (
    's.id, s."user", s.status, s.plan, s.plan_name, s.next_plan, s.premium, s.price_minor, s.currency, s.months, s.anchor_at, '
    "s.months_done, s.period_start, s.period_end, s.cancel_at_period_end, s.provider, s.method, s.ended_at, u.language"
)
LOCK: Final = f'SELECT {COLUMNS} FROM subscriptions s JOIN users u ON u.id = s."user" WHERE {{}} FOR NO KEY UPDATE OF s'
CHARGE: Final = (
    "SELECT c.id, c.subscription, c.kind, c.status, c.plan, c.plan_name, c.premium, c.price_minor, c.months, c.amount_minor, c.currency, "
    'c.restarts, c.period_start, c.period_end, c."order", c.checkout, c.attempts, c.failures, c.created_at FROM subscription_charges c '
)


class LockedSubscription(Struct, frozen=True, kw_only=True):
    """`language` is its owner's."""

    id: UUID
    user: UUID
    status: SubscriptionStatus
    plan: str
    plan_name: str
    next_plan: str
    premium: bool
    price_minor: int
    currency: str
    months: int
    anchor_at: datetime | None
    months_done: int
    period_start: datetime | None
    period_end: datetime | None
    cancel_at_period_end: bool
    provider: str
    method: str
    ended_at: datetime | None
    language: str

    @property
    def period(self) -> tuple[datetime, datetime]:
        assert self.period_start and self.period_end, "what has been paid for has a period"
        return self.period_start, self.period_end


class Charge(Struct, frozen=True, kw_only=True):
    id: UUID
    subscription: UUID
    kind: ChargeKind
    status: ChargeStatus
    plan: str
    plan_name: str
    premium: bool
    price_minor: int
    months: int
    amount_minor: int
    currency: str
    restarts: bool
    period_start: datetime | None
    period_end: datetime | None
    order: UUID | None
    checkout: UUID | None
    attempts: int
    failures: int
    created_at: datetime

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


async def lock_subscription(subscription_id: UUID) -> LockedSubscription:
    """Raises NoSubscription."""
    return await _locked("s.id = $1", subscription_id)


async def lock_live_of(user_id: UUID) -> LockedSubscription:
    """The user's one subscription that has not ended. Raises NoSubscription."""
    return await _locked('s."user" = $1 AND s.status = ANY($2::text[])', user_id, sorted(LIVE))


async def _locked(where: str, *values: object) -> LockedSubscription:
    row = await db.fetch_row(LOCK.format(where), *values)
    if row is None:
        raise NoSubscription
    return LockedSubscription(**{**row, "status": SubscriptionStatus(row["status"])})


async def lock_of_orders(order_ids: list[UUID]) -> None:
    """The subscriptions of these orders, in the order of their ids."""
    await db.execute(
        "SELECT FROM subscriptions WHERE id IN (SELECT c.subscription FROM subscription_charges c JOIN order_lines l ON l.subject = c.id "
        'WHERE l."order" = ANY($1::uuid[])) ORDER BY id FOR NO KEY UPDATE',
        order_ids,
    )


async def get_charge(charge_id: UUID) -> Charge | None:
    return await _charge("WHERE c.id = $1", charge_id)


async def get_open_charge(subscription_id: UUID) -> Charge | None:
    return await _charge("WHERE c.subscription = $1 AND c.status = 'open'", subscription_id)


async def get_charge_of_order(order_id: UUID) -> Charge:
    charge = await _charge('JOIN order_lines l ON l.subject = c.id WHERE l."order" = $1', order_id)
    assert charge is not None, "every order of this kind is a charge's"
    return charge


async def get_charge_of_checkout(checkout_id: UUID) -> Charge | None:
    return await _charge("WHERE c.checkout = $1", checkout_id)


async def _charge(which: str, value: UUID) -> Charge | None:
    row = await db.fetch_row(CHARGE + which, value)
    if row is None:
        return None
    return Charge(**{**row, "kind": ChargeKind(row["kind"]), "status": ChargeStatus(row["status"])})
