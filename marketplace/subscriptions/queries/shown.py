from typing import Final
from uuid import UUID

import msgspec

from marketplace.core import db, ratelimit
from marketplace.subscriptions.errors import NoSubscription
from marketplace.subscriptions.plans import Plan
from marketplace.subscriptions.queries.locking import Charge
from marketplace.subscriptions.schemas import (
    ChargeOut,
    FeaturesOut,
    PaymentStep,
    PlanOut,
    PriceOut,
    Subscribed,
    SubscriptionState,
)

SUBSCRIPTION: Final = (
    "s.id, s.status, s.plan, s.plan_name, nullif(s.next_plan, '') AS next_plan, money_text(s.price_minor, s.currency) AS price, "
    "s.currency, s.months, s.premium, s.period_start AS current_period_start, s.period_end AS current_period_end, "
    "s.cancel_at_period_end, s.provider AS payment_method, s.created_at, s.ended_at"
)
CHARGE: Final = (
    'c.id, c.kind, c.status, c.plan, money_text(c.amount_minor, c.currency) AS amount, c.currency, c."order" AS order_id, '
    "c.attempts, c.failure_code, c.created_at"
)
STATE: Final = f"""
SELECT json_build_object('status', s.status,
  'subscription', (SELECT row_to_json(x) FROM (SELECT {SUBSCRIPTION}) x),
  'open_charge', (SELECT row_to_json(x) FROM (SELECT {CHARGE} FROM subscription_charges c
    WHERE c.subscription = s.id AND c.status = 'open') x))::text
FROM subscriptions s WHERE s."user" = $1 ORDER BY (s.status IN ('incomplete', 'active', 'past_due')) DESC, s.created_at DESC LIMIT 1
"""
CHARGED: Final = f"SELECT row_to_json(x)::text FROM (SELECT {CHARGE} FROM subscription_charges c WHERE c.id = $1) x"
PAYMENT: Final = """
SELECT row_to_json(x)::text FROM (SELECT p.id, p.provider AS payment_method, p.status, nullif(p.client_secret, '') AS client_secret,
  nullif(p.action_url, '') AS action_url, nullif(p.action_kind, '') AS action_kind, nullif(p.failure_code, '') AS failure_code
FROM payments p WHERE p.purpose = 'checkout' AND p.subject = $1 ORDER BY p.created_at DESC, p.id DESC LIMIT 1) x
"""


async def get_state(user_id: UUID) -> SubscriptionState:
    """How it stands with the user's subscription."""
    body = await db.fetch_val(STATE, user_id)
    if body is None:
        return SubscriptionState(status="none", subscription=None, open_charge=None)
    return msgspec.json.decode(body, type=SubscriptionState)


async def get_subscribed(user_id: UUID, charge: Charge | None) -> Subscribed:
    """The user's subscription after something was charged or agreed, and the latest payment of the charge."""
    state = await get_state(user_id)
    if state.subscription is None:
        raise NoSubscription
    charged = payment = None
    if charge is not None:
        charged = msgspec.json.decode(await db.fetch_val(CHARGED, charge.id), type=ChargeOut)
        body = await db.fetch_val(PAYMENT, charge.checkout)
        payment = msgspec.json.decode(body, type=PaymentStep) if body is not None else None
    return Subscribed(
        subscription=state.subscription, client_secret=payment.client_secret if payment else None, charge=charged,
        payment=payment,
    )  # fmt: skip


def shown(plan: Plan, language: str) -> PlanOut:
    premium = plan.features.premium
    limit = ratelimit.limit("premium" if premium else "api")
    return PlanOut(
        id=plan.id, name=plan.called(language), rank=plan.rank, months=plan.months,
        prices=[PriceOut(currency=price.currency, amount=price.amount) for price in plan.prices],
        features=FeaturesOut(
            premium=premium, premium_streams=premium, requests=limit.count or None,
            per_seconds=limit.seconds if limit.count else None,
        ),
    )  # fmt: skip
