from piccolo.columns import UUID, BigInt, BigSerial, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class SandboxCharge(Table, tablename="sandbox_charges"):
    """A payment as the sandbox knows it; `payment` is our id of it. Amounts are minor units of `currency`."""

    reference = Varchar(length=40, primary_key=True)
    payment = UUID(unique=True, default=None)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    state = Varchar(length=24)
    method = Varchar(length=40, default="")
    description = Varchar(length=200, default="")
    return_url = Text(default="")
    client_secret = Varchar(length=64, secret=True)
    action_kind = Varchar(length=16, default="")
    failure_code = Varchar(length=40, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    changed_at = Timestamptz(default=TimestamptzNow(), index=True)


class SandboxRefund(Table, tablename="sandbox_refunds"):
    """Money given back of a charge; `refund` is our id of it."""

    reference = Varchar(length=40, primary_key=True)
    refund = UUID(unique=True, default=None)
    charge = ForeignKey(SandboxCharge, on_delete=OnDelete.restrict, null=False, index=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    state = Varchar(length=24)
    failure_code = Varchar(length=40, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    changed_at = Timestamptz(default=TimestamptzNow(), index=True)


class SandboxPayout(Table, tablename="sandbox_payouts"):
    """Money sent out; `payout` is our id of it. To whom is not kept."""

    reference = Varchar(length=40, primary_key=True)
    payout = UUID(unique=True, default=None)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    state = Varchar(length=24)
    failure_code = Varchar(length=40, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    changed_at = Timestamptz(default=TimestamptzNow(), index=True)


class SandboxDispute(Table, tablename="sandbox_disputes"):
    """A payer's bank has taken the money of a charge back; once for each charge."""

    reference = Varchar(length=40, primary_key=True)
    charge = ForeignKey(SandboxCharge, on_delete=OnDelete.restrict, null=False, unique=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    state = Varchar(length=24)
    reason = Varchar(length=64, default="")
    failure_code = Varchar(length=40, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    changed_at = Timestamptz(default=TimestamptzNow(), index=True)


class SandboxEvent(Table, tablename="sandbox_events"):
    """A webhook: what is to be delivered, byte for byte, and how often that was tried."""

    id = Varchar(length=40, primary_key=True)
    type = Varchar(length=64)
    reference = Varchar(length=40, index=True)
    body = Text()
    attempts = SmallInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow(), index=True)
    delivered_at = Timestamptz(null=True, default=None)


class SandboxDelivery(Table, tablename="sandbox_deliveries"):
    """One try to deliver an event. `status` is what was answered; 0 where nothing was."""

    id = BigSerial(primary_key=True)
    event = ForeignKey(SandboxEvent, on_delete=OnDelete.cascade, null=False, index=True)
    at = Timestamptz(default=TimestamptzNow())
    status = SmallInt(default=0)
    error = Text(default="")


class SandboxLostCall(Table, tablename="sandbox_lost_calls"):
    """A call that the sandbox has lost on purpose, so that it loses it once."""

    call = Varchar(length=120, primary_key=True)
    at = Timestamptz(default=TimestamptzNow())
