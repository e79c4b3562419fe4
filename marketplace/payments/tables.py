from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.payments.states import (
    ChargebackStatus,
    InvoiceKind,
    PaymentStatus,
    PayoutSource,
    PayoutStatus,
    RefundStatus,
    WebhookStatus,
)


class Payment(Table, tablename="payments"):
    """Money that somebody gives, for a `purpose` and its `subject`. Amounts are minor units of `currency`.

    One subject is paid once: the database refuses a second payment that succeeded and is no surplus. A `surplus` one came in
    late, twice or in another amount; it paid for nothing and is refunded by itself. `captured_minor` is what came in.
    `payer_ip` is where the payer is, for providers that want to know, and is forgotten when the payment ends.
    `provider` is `wallet` for what is paid from the wallet; `method` is the provider's token that the call named.
    """

    id = UUID(primary_key=True, default=None)
    payer = ForeignKey(User, on_delete=OnDelete.restrict)
    purpose = Varchar(length=24)
    subject = UUID(default=None)
    provider = Varchar(length=32)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=24, choices=PaymentStatus, default=PaymentStatus.CREATED)
    surplus = Boolean(default=False)
    captured_minor = BigInt(default=0)
    refunded_minor = BigInt(default=0)
    method = Varchar(length=255, default="", secret=True)
    description = Varchar(length=200, default="")
    return_url = Varchar(length=500, default="")
    reference = Varchar(length=128, default="")
    capture = Varchar(length=128, default="")
    client_secret = Varchar(length=255, default="", secret=True)
    action_url = Text(default="", secret=True)
    action_kind = Varchar(length=16, default="")
    payer_ip = Varchar(length=45, default="", secret=True)
    failure_code = Varchar(length=64, default="")
    failure_message = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    succeeded_at = Timestamptz(null=True, default=None)


class PaymentHistory(Table, tablename="payment_history"):
    """Who moved a payment, refund, payout or chargeback from which state to which, when and why. Append-only."""

    id = BigSerial(primary_key=True)
    subject = Varchar(length=16)
    subject_id = UUID(default=None, index=True)
    from_status = Varchar(length=24, default="")
    to_status = Varchar(length=24)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class Refund(Table, tablename="refunds"):
    """Money given back of one payment. The refunds of a payment that did not fail never pass what it brought."""

    id = UUID(primary_key=True, default=None)
    payment = ForeignKey(Payment, on_delete=OnDelete.restrict, index=True)
    order_id = UUID(null=True, default=None, index=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=16, choices=RefundStatus, default=RefundStatus.PENDING)
    reason = Text(default="")
    requested_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reference = Varchar(length=128, default="")
    failure_code = Varchar(length=64, default="")
    failure_message = Text(default="")
    attempts = SmallInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class PayoutMethod(Table, tablename="payout_methods"):
    """Where a user's money may be sent. `destination` is the provider's name for it, never an account number in the clear."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    provider = Varchar(length=32)
    label = Varchar(length=100)
    destination = Varchar(length=255, secret=True)
    recipient_name = Varchar(length=200, default="")
    is_default = Boolean(default=False)
    removed_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Payout(Table, tablename="payouts"):
    """Money on its way out to a user. Over a threshold it waits for a second person's approval.

    `sent_at` is written before the provider is first called, so from then on it may know of the payout. While PROCESSING, the
    provider is asked again at `check_at`; `attempts` counts how often it was asked. `client_secret` and `action_kind` are for the
    payee where their wallet wants to be asked, too.
    """

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    source = Varchar(length=16, choices=PayoutSource)
    method = ForeignKey(PayoutMethod, on_delete=OnDelete.restrict, index=True)
    provider = Varchar(length=32)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=24, choices=PayoutStatus, default=PayoutStatus.REQUESTED)
    needs_approval = Boolean(default=False)
    approved_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    approved_at = Timestamptz(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)
    check_at = Timestamptz(null=True, default=None)
    attempts = SmallInt(default=0)
    reference = Varchar(length=128, default="")
    client_secret = Text(default="", secret=True)
    action_kind = Varchar(length=32, default="")
    failure_code = Varchar(length=64, default="")
    failure_message = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    paid_at = Timestamptz(null=True, default=None)


class Chargeback(Table, tablename="chargebacks"):
    """A payer's bank takes the money back. What is taken lies in the order's dispute hold until it is won or lost."""

    id = UUID(primary_key=True, default=None)
    payment = ForeignKey(Payment, on_delete=OnDelete.restrict, index=True)
    reference = Varchar(length=128)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    status = Varchar(length=16, choices=ChargebackStatus, default=ChargebackStatus.OPEN)
    reason = Varchar(length=64, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class WebhookEvent(Table, tablename="webhook_events"):
    """A verified event of a provider, worked on by a job. Unique on the provider's id of it."""

    id = UUID(primary_key=True, default=None)
    provider = Varchar(length=32)
    event_id = Varchar(length=128)
    type = Varchar(length=100)
    body = Text(default="")
    outcome = JSONB(null=True, default=None)
    status = Varchar(length=16, choices=WebhookStatus, default=WebhookStatus.RECEIVED)
    attempts = Integer(default=0)
    error = Text(default="")
    event_at = Timestamptz()
    received_at = Timestamptz(default=TimestamptzNow())
    processed_at = Timestamptz(null=True, default=None)


class InvoiceCounter(Table, tablename="invoice_counters"):
    """The last number given in a series: one a seller (the platform: nobody's id), kind and year. Locked while counting.

    `last_at` is the date of the last document: dates never run against the numbers.
    """

    id = BigSerial(primary_key=True)
    issuer = UUID(default=None)
    kind = Varchar(length=16, choices=InvoiceKind)
    year = SmallInt()
    last = Integer(default=0)
    last_at = Timestamptz(default=TimestamptzNow())


class Invoice(Table, tablename="invoices"):
    """What was sold, as a document: immutable, numbered without gaps in its series. `issuer` None is the platform.

    `document` holds everything it shows (parties, lines, sums) as it was when it was issued. `payment` is there where an order
    is paid, and so invoiced, in parts.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=16, choices=InvoiceKind, default=InvoiceKind.INVOICE)
    number = Varchar(length=40)
    issuer = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    recipient = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    year = SmallInt()
    seq = Integer()
    order_id = UUID(null=True, default=None, index=True)
    payment = ForeignKey(Payment, null=True, default=None, on_delete=OnDelete.restrict)
    refund = ForeignKey(Refund, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    corrects: ForeignKey["Invoice"] = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    currency = Varchar(length=3)
    total_minor = BigInt()
    tax_minor = BigInt(default=0)
    document = JSONB()
    issued_at = Timestamptz(default=TimestamptzNow())


class ReconciliationRun(Table, tablename="reconciliation_runs"):
    """One comparison of the ledger with itself and with the providers' records."""

    id = UUID(primary_key=True, default=None)
    started_at = Timestamptz(default=TimestamptzNow())
    finished_at = Timestamptz(null=True, default=None)
    checked = Integer(default=0)
    breaks = Integer(default=0)


class ReconciliationBreak(Table, tablename="reconciliation_breaks"):
    """Something that does not agree. While one is open, no payout leaves. Staff close it, and say what it was."""

    id = UUID(primary_key=True, default=None)
    first_run = ForeignKey(ReconciliationRun, on_delete=OnDelete.restrict, index=True)
    last_run = ForeignKey(ReconciliationRun, on_delete=OnDelete.restrict, index=True)
    fingerprint = Varchar(length=64)
    rule = Varchar(length=200)
    provider = Varchar(length=32, default="")
    subject = Varchar(length=16, default="")
    subject_id = Varchar(length=128, default="")
    ours = Text(default="")
    theirs = Text(default="")
    found_at = Timestamptz(default=TimestamptzNow())
    closed_at = Timestamptz(null=True, default=None)
    closed_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    note = Text(default="")
