"""What subscriptions hold about a person: for the copy of their data, and at their erasure, which ends them."""

from uuid import UUID

from marketplace.accounts import privacy
from marketplace.accounts.privacy import rows
from marketplace.core import db
from marketplace.subscriptions.queries.locking import lock_subscription
from marketplace.subscriptions.service.ending import end
from marketplace.subscriptions.states import SubscriptionStatus

privacy.exporter(
    "subscriptions",
    rows(
        "SELECT id, status, plan, plan_name, next_plan, price_minor, currency, months, period_start, period_end, cancel_at_period_end, "
        'provider, created_at, ended_at FROM subscriptions WHERE "user" = $1 ORDER BY id'
    ),
)
privacy.exporter(
    "subscription_charges",
    rows(
        'SELECT c.id, c.subscription, c.kind, c.status, c.plan, c.amount_minor, c.currency, c.period_start, c.period_end, c."order", '
        "c.attempts, c.failure_code, c.created_at, c.closed_at FROM subscription_charges c JOIN subscriptions s ON s.id = c.subscription "
        'WHERE s."user" = $1 ORDER BY c.id'
    ),
)


async def _end_what_lives(user_id: UUID) -> int:
    found = await db.fetch(
        "SELECT id FROM subscriptions WHERE \"user\" = $1 AND status IN ('incomplete', 'active', 'past_due')", user_id
    )
    for row in found:
        await end(await lock_subscription(row["id"]), SubscriptionStatus.CANCELLED, None, "The account was erased")
    return len(found)


privacy.eraser("subscriptions", _end_what_lives)
