from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText, Currency
from marketplace.subscriptions.states import ChargeKind, ChargeStatus, SubscriptionStatus

PlanId = Annotated[str, Meta(min_length=1, max_length=48, examples=["premium_monthly"])]
MethodToken = Annotated[
    str,
    Meta(
        max_length=255,
        description="The provider's token, never a card number. It is charged again for renewals: at Stripe that takes what a "
        "customer keeps there, `cus_.../pm_...`.",
    ),
]
ProviderName = Annotated[
    str, Meta(max_length=32, description="A payment provider, or `wallet`; the default provider where empty.")
]


class Subscribe(Struct, forbid_unknown_fields=True, kw_only=True):
    plan_id: PlanId
    payment_method_id: MethodToken = ""
    payment_method: ProviderName = ""
    currency: Currency | None = None
    return_url: Annotated[str, Meta(max_length=500)] = ""


class ChangePlan(Struct, forbid_unknown_fields=True, kw_only=True):
    plan_id: PlanId
    return_url: Annotated[str, Meta(max_length=500)] = ""


class ChangeMethod(Struct, forbid_unknown_fields=True, kw_only=True):
    payment_method_id: MethodToken = ""
    payment_method: ProviderName = ""


class Cancel(Struct, forbid_unknown_fields=True, kw_only=True):
    immediately: bool = False


class PriceOut(Struct, frozen=True, kw_only=True):
    currency: Currency
    amount: AmountText


class FeaturesOut(Struct, frozen=True, kw_only=True):
    """So many `requests` in `per_seconds` may be made of the API; null where none are counted."""

    premium: bool
    premium_streams: bool
    requests: int | None
    per_seconds: int | None


class PlanOut(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    rank: int
    months: int
    prices: list[PriceOut]
    features: FeaturesOut


class SubscriptionOut(Struct, frozen=True, kw_only=True):
    """`next_plan` takes over at `current_period_end`. `payment_method` is the provider that renewals are paid with."""

    id: UUID
    status: SubscriptionStatus
    plan: str
    plan_name: str
    next_plan: str | None
    price: AmountText
    currency: Currency
    months: int
    premium: bool
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    payment_method: str
    created_at: datetime
    ended_at: datetime | None


class ChargeOut(Struct, frozen=True, kw_only=True):
    """Something to be paid, or that was. An open one can also be paid as its order."""

    id: UUID
    kind: ChargeKind
    status: ChargeStatus
    plan: str
    amount: AmountText
    currency: Currency
    order_id: UUID | None
    attempts: int
    failure_code: str
    created_at: datetime


class PaymentStep(Struct, frozen=True, kw_only=True):
    """How it stands with the payment, and what its payer needs to go on with it."""

    id: UUID
    payment_method: str
    status: str
    client_secret: str | None
    action_url: str | None
    action_kind: str | None
    failure_code: str | None


class SubscriptionState(Struct, frozen=True, kw_only=True):
    """`status` is `none` for who never subscribed. `subscription` is the one that lives, or the last one that did."""

    status: str
    subscription: SubscriptionOut | None
    open_charge: ChargeOut | None


class Subscribed(Struct, frozen=True, kw_only=True):
    """`client_secret` is there while the payment waits for its payer."""

    subscription: SubscriptionOut
    client_secret: str | None
    charge: ChargeOut | None
    payment: PaymentStep | None
