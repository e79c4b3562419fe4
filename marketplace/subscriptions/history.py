"""The one function that writes a subscription's status, and the one that writes what else may change in it."""

from typing import Any, Final
from uuid import UUID

from msgspec import structs

from marketplace.core import clock, db
from marketplace.subscriptions.queries.locking import LockedSubscription
from marketplace.subscriptions.states import SUBSCRIPTION, SubscriptionStatus

MAY_CHANGE: Final = frozenset({
    "plan", "plan_name", "next_plan", "premium", "price_minor", "months", "anchor_at", "months_done", "period_start",
    "period_end", "cancel_at_period_end", "provider", "method", "ended_at",
})  # fmt: skip


async def born(subscription_id: UUID, actor: UUID | None, reason: str) -> None:
    await _write(subscription_id, "", SubscriptionStatus.INCOMPLETE, actor, reason)


async def move(
    subscription: LockedSubscription, to: SubscriptionStatus, actor: UUID | None, reason: str, **columns: Any
) -> LockedSubscription:
    """Move a locked subscription, and set columns with it. Raises IllegalTransition. Returns it as it is then."""
    SUBSCRIPTION.check(subscription.status, to)
    await _update(subscription, columns | {"status": to})
    await _write(subscription.id, subscription.status, to, actor, reason)
    return structs.replace(subscription, status=to, **columns)


async def change(
    subscription: LockedSubscription, actor: UUID | None, reason: str, **columns: Any
) -> LockedSubscription:
    """Set columns of a locked subscription, as a row of its history."""
    await _update(subscription, columns)
    await _write(subscription.id, subscription.status, subscription.status, actor, reason)
    return structs.replace(subscription, **columns)


async def _update(subscription: LockedSubscription, columns: dict[str, Any]) -> None:
    if unknown := columns.keys() - MAY_CHANGE - {"status"}:
        raise ValueError(f"subscriptions have no {', '.join(sorted(unknown))}")
    places = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 3))
    await db.execute(
        f"UPDATE subscriptions SET updated_at = $2, {places} WHERE id = $1",  # noqa: S608 - the names are columns
        subscription.id, clock.now(), *columns.values(),
    )  # fmt: skip


async def _write(subscription_id: UUID, before: str, after: str, actor: UUID | None, reason: str) -> None:
    await db.execute(
        "INSERT INTO subscription_history (subscription, from_status, to_status, actor, reason, at) VALUES ($1, $2, $3, $4, $5, $6)",
        subscription_id, before, after, actor, reason, clock.now(),
    )  # fmt: skip
