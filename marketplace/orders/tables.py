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
from marketplace.orders.states import Phase


class Checkout(Table, tablename="checkouts"):
    """What is paid with one payment: one order a seller. Amounts are minor units of `currency`."""

    id = UUID(primary_key=True, default=None)
    buyer = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    currency = Varchar(length=3)
    created_at = Timestamptz(default=TimestamptzNow())
    paid_at = Timestamptz(null=True, default=None)


class Order(Table, tablename="orders"):
    """One seller's part of a purchase. Everything agreed is a snapshot; amounts are minor units of `currency`.

    `total_minor` = subtotal - discount + tax + shipping. Of it `commission_minor` is the platform's and `tax_minor` is passed
    on. `captured`, `refunded` and `released` follow the ledger: what is in escrow is captured less released less what was
    refunded from escrow (`refunded_held_minor`). `status` is the kind's own word, `phase` the spine's. A frozen order's money
    stays where it is. `auto_complete_at` is when silence counts as receipt, `expires_at` when an unpaid one is given up.
    `sent_parts` counts its shipments. While `open_returns` of it are, since `paused_at`, silence counts for nothing and nothing
    clears.
    `in_parts`: it is paid, or at least released, one part after the other.
    """

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, unique=True)
    checkout = ForeignKey(Checkout, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=16)
    buyer = ForeignKey(User, on_delete=OnDelete.restrict)
    seller = ForeignKey(User, on_delete=OnDelete.restrict)
    status = Varchar(length=24)
    phase = Varchar(length=16, choices=Phase, default=Phase.UNPAID)
    currency = Varchar(length=3)
    subtotal_minor = BigInt()
    discount_minor = BigInt(default=0)
    tax_minor = BigInt(default=0)
    shipping_minor = BigInt(default=0)
    total_minor = BigInt()
    commission_minor = BigInt()
    captured_minor = BigInt(default=0)
    released_minor = BigInt(default=0)
    refunded_minor = BigInt(default=0)
    refunded_held_minor = BigInt(default=0)
    in_parts = Boolean(default=False)
    shipping_address = JSONB(null=True, default=None)
    billing_address = JSONB(null=True, default=None)
    note = Text(default="")
    carrier = Varchar(length=60, default="")
    tracking_number = Varchar(length=80, default="")
    cancel_reason = Text(default="")
    expires_at = Timestamptz(null=True, default=None)
    auto_complete_at = Timestamptz(null=True, default=None)
    sent_parts = SmallInt(default=0)
    open_returns = SmallInt(default=0)
    paused_at = Timestamptz(null=True, default=None)
    frozen_at = Timestamptz(null=True, default=None)
    frozen_by = Varchar(length=32, default="")
    paid_at = Timestamptz(null=True, default=None)
    shipped_at = Timestamptz(null=True, default=None)
    delivered_at = Timestamptz(null=True, default=None)
    completed_at = Timestamptz(null=True, default=None)
    cancelled_at = Timestamptz(null=True, default=None)
    clears_at = Timestamptz(null=True, default=None)
    cleared_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class OrderPart(Table, tablename="order_parts"):
    """What of an order in parts is paid at once, with a checkout of its own (the first with the order's). The amounts of all
    sum to the order's total; `refunded_minor` is what went back of this one. Paid from the first on, each once it is due.
    """

    id = UUID(primary_key=True, default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    position = SmallInt()
    title = Varchar(length=200)
    amount_minor = BigInt()
    refunded_minor = BigInt(default=0)
    checkout = ForeignKey(Checkout, on_delete=OnDelete.restrict)
    due_at = Timestamptz(null=True, default=None)
    paid_at = Timestamptz(null=True, default=None)


class OrderLine(Table, tablename="order_lines"):
    """What was bought, as it was then. Append-only. `subject` is what the way to sell calls it: a lot, a variant, a package.

    The line's total is the truth; `unit_minor` is derived. The commission was worked out when the order was placed.
    """

    id = UUID(primary_key=True, default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    position = SmallInt(default=1)
    subject = UUID(default=None, index=True)
    title = Varchar(length=300)
    sku = Varchar(length=80, default="")
    variant = Varchar(length=200, default="")
    quantity = Integer(default=1)
    unit_minor = BigInt()
    subtotal_minor = BigInt()
    discount_minor = BigInt(default=0)
    tax_minor = BigInt(default=0)
    commission_bps = Integer()
    commission_minor = BigInt()
    snapshot = JSONB()


class OrderHistory(Table, tablename="order_history"):
    """Who moved an order from which status to which, when and why. Append-only. No actor: the house itself."""

    id = BigSerial(primary_key=True)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    from_status = Varchar(length=24, default="")
    to_status = Varchar(length=24)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    note = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class LineProgress(Table, tablename="order_line_progress"):
    """How many of an order's line have been sent, and how many are called off; no row: none. `id` is the line's.

    The database refuses more of both together than were ordered.
    """

    id = UUID(primary_key=True, default=None)
    quantity = Integer()
    sent = Integer(default=0)
    cancelled = Integer(default=0)


class Shipment(Table, tablename="shipments"):
    """A part of an order that travels together, or all of it; without a carrier it was handed over. `number`: its first, second...

    `delivered_at` is when it is said to have arrived, `confirmed_at` when its buyer said so.
    """

    id = UUID(primary_key=True, default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    number = SmallInt()
    carrier = Varchar(length=60, default="")
    tracking_number = Varchar(length=80, default="")
    tracking_url = Text(default="")
    shipped_at = Timestamptz(default=TimestamptzNow())
    delivered_at = Timestamptz(null=True, default=None)
    confirmed_at = Timestamptz(null=True, default=None)


class ShipmentLine(Table, tablename="shipment_lines"):
    """So many of a line travel with a shipment. Append-only."""

    id = BigSerial(primary_key=True)
    shipment = ForeignKey(Shipment, on_delete=OnDelete.restrict)
    line = ForeignKey(OrderLine, on_delete=OnDelete.restrict, index=True)
    quantity = Integer()
