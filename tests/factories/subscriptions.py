"""Subscriptions, and a calendar for them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.core import clock, db
from marketplace.subscriptions.periods import add_months
from marketplace.subscriptions.queries.shown import get_state
from marketplace.subscriptions.schemas import SubscriptionOut, SubscriptionState
from marketplace.subscriptions.service import collecting
from marketplace.subscriptions.service.subscribing import subscribe
from tests.factories.accounts import a_user
from tests.factories.payments import work_off


async def a_subscriber(plan: str = "premium_monthly", method: str = "pm_card_ok", **over: Any) -> UUID:
    """Somebody who has subscribed, and paid if the method does."""
    user = (await a_user()).id
    await subscribe(user, "en", plan, provider="sandbox", method=method, **over)
    await work_off()
    return user


async def state_of(user: UUID) -> SubscriptionState:
    return await get_state(user)


async def status_of(user: UUID) -> str:
    return (await get_state(user)).status


async def id_of(user: UUID) -> UUID:
    subscription = (await get_state(user)).subscription
    assert subscription is not None
    return subscription.id


async def method_is(user: UUID, method: str) -> None:
    """What renewals will meet: another card behind the same subscription."""
    await db.execute('UPDATE subscriptions SET method = $2 WHERE "user" = $1', user, method)


async def begin_at(user: UUID, anchor: datetime) -> SubscriptionOut:
    """Let the subscription be counted from this instant."""
    await db.execute(
        "UPDATE subscriptions SET anchor_at = $2::timestamptz, period_start = $2 + make_interval(months => months_done), "
        "period_end = $2 + make_interval(months => months_done + months) WHERE \"user\" = $1 AND status IN ('active', 'past_due')",
        user, anchor,
    )  # fmt: skip
    subscription = (await get_state(user)).subscription
    assert subscription is not None
    return subscription


async def move_to_the_end(user: UUID) -> SubscriptionOut:
    """Let the period be over, since a second or, around month ends, a few days ago."""
    months = await db.fetch_val(
        'SELECT months_done + months FROM subscriptions WHERE "user" = $1 AND ended_at IS NULL', user
    )
    return await begin_at(user, add_months(clock.now() - timedelta(seconds=1), -months))


async def end_period(user: UUID) -> datetime:
    """Let the period be over, and what happens then happen. Returns when it ended."""
    over = await move_to_the_end(user)
    assert over.current_period_end is not None
    await collecting.period_ended(over.id)
    await work_off()
    return over.current_period_end


async def next_try(user: UUID) -> None:
    """Let the time of the next try have come."""
    await collecting.look_again(await id_of(user))
    await work_off()


async def charges_of(user: UUID) -> list[tuple[str, str, int]]:
    """(kind, status, minor units) of each charge."""
    rows = await db.fetch(
        "SELECT c.kind, c.status, c.amount_minor FROM subscription_charges c JOIN subscriptions s ON s.id = c.subscription "
        'WHERE s."user" = $1 ORDER BY c.created_at, c.id',
        user,
    )
    return [tuple(row) for row in rows]


async def history_of(user: UUID) -> list[str]:
    rows = await db.fetch(
        'SELECT h.to_status FROM subscription_history h JOIN subscriptions s ON s.id = h.subscription WHERE s."user" = $1 '
        "AND h.from_status <> h.to_status ORDER BY h.id",
        user,
    )
    return [row["to_status"] for row in rows]
