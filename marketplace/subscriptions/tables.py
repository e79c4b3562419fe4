from piccolo.columns import UUID, BigInt, BigSerial, Boolean, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.orders.tables import Order
from marketplace.subscriptions.states import ChargeKind, ChargeStatus, SubscriptionStatus


class Subscription(Table, tablename="subscriptions"):
    """What a person has subscribed to: at most one that lives. Price and features are as they were bought.

    The period runs from `months_done` to `months_done + months` calendar months after `anchor_at`. `next_plan` takes over when
    it ends. `method` is the provider's token of how renewals are paid (the provider `wallet` needs none).
    """

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    status = Varchar(length=16, choices=SubscriptionStatus, default=SubscriptionStatus.INCOMPLETE)
    plan = Varchar(length=48)
    plan_name = Varchar(length=100)
    next_plan = Varchar(length=48, default="")
    premium = Boolean(default=False)
    price_minor = BigInt()
    currency = Varchar(length=3)
    months = SmallInt()
    anchor_at = Timestamptz(null=True, default=None)
    months_done = SmallInt(default=0)
    period_start = Timestamptz(null=True, default=None)
    period_end = Timestamptz(null=True, default=None)
    cancel_at_period_end = Boolean(default=False)
    provider = Varchar(length=32)
    method = Varchar(length=255, default="", secret=True)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    ended_at = Timestamptz(null=True, default=None)


class SubscriptionCharge(Table, tablename="subscription_charges"):
    """Something to be paid for a subscription: an order of the house's. At most one is open.

    `plan`, its features, `price_minor` a period of `months` are what it buys; `amount_minor` is what it costs (an upgrade: the
    difference). `restarts`: a new period begins with it. `period_start` and `period_end` are known once it is paid, of
    a renewal before. `attempts` counts tries to take the money by ourselves, `failures` those that are known to have failed.
    """

    id = UUID(primary_key=True, default=None)
    subscription = ForeignKey(Subscription, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=16, choices=ChargeKind)
    status = Varchar(length=8, choices=ChargeStatus, default=ChargeStatus.OPEN)
    plan = Varchar(length=48)
    plan_name = Varchar(length=100)
    premium = Boolean(default=False)
    price_minor = BigInt()
    months = SmallInt()
    amount_minor = BigInt()
    currency = Varchar(length=3)
    restarts = Boolean(default=False)
    period_start = Timestamptz(null=True, default=None)
    period_end = Timestamptz(null=True, default=None)
    order = ForeignKey(Order, null=True, default=None, on_delete=OnDelete.restrict, unique=True)
    checkout = UUID(null=True, default=None, index=True)
    attempts = SmallInt(default=0)
    failures = SmallInt(default=0)
    failure_code = Varchar(length=64, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    closed_at = Timestamptz(null=True, default=None)


class SubscriptionHistory(Table, tablename="subscription_history"):
    """Who moved a subscription from which status to which, when and why; and what else was agreed. Append-only."""

    id = BigSerial(primary_key=True)
    subscription = ForeignKey(Subscription, on_delete=OnDelete.restrict, index=True)
    from_status = Varchar(length=16, default="")
    to_status = Varchar(length=16)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())
