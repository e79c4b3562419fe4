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
from marketplace.media.tables import Media
from marketplace.orders.tables import Order, OrderLine
from marketplace.shop.states import CouponKind, ImportMode, ImportStatus, MovementKind, ProductStatus, ReturnStatus


class Product(Table, tablename="products"):
    """What a seller lists. Amounts are minor units of `currency`; `cost_minor` is the seller's own secret.

    Everything that can be bought is a variant of it; one without choices has a single variant that nobody sees.
    `rating_sum` and `rating_count` are kept by reviews, `sold_count` by orders.
    """

    id = UUID(primary_key=True, default=None)
    seller = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    slug = Varchar(length=220, unique=True)
    name = Varchar(length=200)
    description = Text(default="")
    category = UUID(null=True, default=None, index=True)
    sku = Varchar(length=80, default="")
    currency = Varchar(length=3)
    price_minor = BigInt()
    compare_minor = BigInt(null=True, default=None)
    cost_minor = BigInt(null=True, default=None, secret=True)
    status = Varchar(length=16, choices=ProductStatus, default=ProductStatus.DRAFT)
    is_featured = Boolean(default=False)
    tracks_stock = Boolean(default=True)
    weight_g = Integer(null=True, default=None)
    tax_class = Varchar(length=24, default="")
    dimensions = Varchar(length=100, default="")
    attributes = JSONB(default="{}")
    low_stock_at = Integer(default=5)
    rating_sum = Integer(default=0)
    rating_count = Integer(default=0)
    sold_count = Integer(default=0)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    deleted_at = Timestamptz(null=True, default=None)


class Variant(Table, tablename="product_variants"):
    """One thing that can be bought, with its stock. No `price_minor`: the product's.

    `allocated` of what is `on_hand` is promised to orders that have not shipped; the rest is available. The database
    refuses more promises than there is stock, where the product tracks it.
    """

    id = UUID(primary_key=True, default=None)
    product = ForeignKey(Product, on_delete=OnDelete.cascade, index=True)
    name = Varchar(length=200, default="")
    sku = Varchar(length=80, default="")
    price_minor = BigInt(null=True, default=None)
    weight_g = Integer(null=True, default=None)
    attributes = JSONB(default="{}")
    position = SmallInt(default=1)
    is_active = Boolean(default=True)
    tracks_stock = Boolean(default=True)
    on_hand = Integer(default=0)
    allocated = Integer(default=0)
    created_at = Timestamptz(default=TimestamptzNow())


class StockMovement(Table, tablename="stock_movements"):
    """The journal of a variant's stock. Append-only: what is on hand and allocated is what it sums to."""

    id = BigSerial(primary_key=True)
    variant = ForeignKey(Variant, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=16, choices=MovementKind)
    on_hand_change = Integer(default=0)
    allocated_change = Integer(default=0)
    on_hand_after = Integer()
    allocated_after = Integer()
    order = ForeignKey(Order, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class ProductImage(Table, tablename="product_images"):
    """A picture of a product; `position` orders them, the first is the primary one."""

    id = UUID(primary_key=True, default=None)
    product = ForeignKey(Product, on_delete=OnDelete.cascade, index=True)
    media = ForeignKey(Media, on_delete=OnDelete.restrict, unique=True)
    position = SmallInt(default=0)
    alt = Varchar(length=200, default="")
    created_at = Timestamptz(default=TimestamptzNow())


class Wish(Table, tablename="product_wishes"):
    """Somebody would like to have a product: one row an account and product."""

    id = BigSerial(primary_key=True)
    user = ForeignKey(User, on_delete=OnDelete.cascade)
    product = ForeignKey(Product, on_delete=OnDelete.cascade, index=True)
    created_at = Timestamptz(default=TimestamptzNow())


class Cart(Table, tablename="carts"):
    """What somebody means to buy. A guest's is named by the hash of a token, and merged into the account's at login."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=True, default=None, on_delete=OnDelete.cascade)
    token_hash = Varchar(length=64, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class CartItem(Table, tablename="cart_items"):
    """So many of a variant. `seen_minor` is the price it was put in at, to tell when it has changed. Saved ones wait for later."""

    id = UUID(primary_key=True, default=None)
    cart = ForeignKey(Cart, on_delete=OnDelete.cascade)
    variant = ForeignKey(Variant, on_delete=OnDelete.cascade, index=True)
    quantity = Integer()
    seen_minor = BigInt()
    saved_for_later = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class ProductImport(Table, tablename="product_imports"):
    """A file of products that somebody sent. `content` is there until it has been worked through; `done` of `total` lines have been.

    `errors` is [{"line", "field", "message"}], in the order of the lines.
    """

    id = UUID(primary_key=True, default=None)
    seller = ForeignKey(User, on_delete=OnDelete.cascade, index=True)
    filename = Varchar(length=160, default="")
    mode = Varchar(length=16, choices=ImportMode)
    status = Varchar(length=16, choices=ImportStatus, default=ImportStatus.QUEUED)
    content = Text(default="")
    total = Integer(default=0)
    done = Integer(default=0)
    created = Integer(default=0)
    updated = Integer(default=0)
    failed = Integer(default=0)
    errors = JSONB(default="[]")
    created_at = Timestamptz(default=TimestamptzNow())
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)


class Coupon(Table, tablename="coupons"):
    """What makes a purchase cheaper: with a code, or without one a promotion that applies by itself.

    `seller` gives it on their own goods, None is the house. `scope` names the products, categories and sellers it is good for;
    empty: all. Amounts are minor units of `currency`; a percentage without amounts has none and is good in any.
    `used_count` is what `coupon_uses` has that was not given back. `version_at` moves when its terms change.
    """

    id = UUID(primary_key=True, default=None)
    seller = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    code = Varchar(length=40, default="")
    title = Varchar(length=120)
    kind = Varchar(length=16, choices=CouponKind)
    percent_bps = Integer(null=True, default=None)
    amount_minor = BigInt(null=True, default=None)
    currency = Varchar(length=3, default="")
    max_discount_minor = BigInt(null=True, default=None)
    min_spend_minor = BigInt(null=True, default=None)
    scope = JSONB(default="{}")
    starts_at = Timestamptz(null=True, default=None)
    ends_at = Timestamptz(null=True, default=None)
    max_uses = Integer(null=True, default=None)
    max_uses_each = Integer(null=True, default=None)
    used_count = Integer(default=0)
    combines = Boolean(default=True)
    is_active = Boolean(default=True)
    created_by = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    created_at = Timestamptz(default=TimestamptzNow())
    version_at = Timestamptz(default=TimestamptzNow())
    deleted_at = Timestamptz(null=True, default=None)


class CouponUse(Table, tablename="coupon_uses"):
    """A coupon was used by a checkout. `slot`: the customer's first, second... use of those that count, of `most_each` they have.

    `open_sellers`: whose orders of the checkout are still cheaper for it; when the last of them is cancelled, it is given back.
    """

    id = UUID(primary_key=True, default=None)
    coupon = ForeignKey(Coupon, on_delete=OnDelete.restrict)
    user = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    checkout = UUID(default=None, index=True)
    slot = Integer()
    most_each = Integer(null=True, default=None)
    discount_minor = BigInt()
    currency = Varchar(length=3)
    open_sellers = JSONB()
    created_at = Timestamptz(default=TimestamptzNow())
    given_back_at = Timestamptz(null=True, default=None)


class LineCancellation(Table, tablename="order_line_cancellations"):
    """So many of an order's line were called off before they were sent. Append-only; amounts are minor units of its currency.

    `amount_minor` is what they are worth, `refunded_minor` what was paid back for them: less, where the order had been refunded
    before. Rows of one `cancellation` were called off together; their refund has its id.
    """

    id = BigSerial(primary_key=True)
    cancellation = UUID(default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    line = ForeignKey(OrderLine, on_delete=OnDelete.restrict, index=True)
    quantity = Integer()
    amount_minor = BigInt()
    refunded_minor = BigInt(default=0)
    actor = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class OrderReturn(Table, tablename="order_returns"):
    """A buyer sends things of an order back. Amounts are minor units of the order's currency, and final once it is received.

    `amount_minor` is what it is worth: its lines, and `shipping_minor` with the last of them. `refunded_minor` is what was paid
    back for it: less, where the order had been refunded before. `answer` is what its seller said to it.
    """

    id = UUID(primary_key=True, default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    buyer = ForeignKey(User, on_delete=OnDelete.restrict)
    seller = ForeignKey(User, on_delete=OnDelete.restrict)
    status = Varchar(length=16, choices=ReturnStatus, default=ReturnStatus.REQUESTED)
    reason = Text()
    answer = Text(default="")
    amount_minor = BigInt(default=0)
    shipping_minor = BigInt(default=0)
    refunded_minor = BigInt(default=0)
    refund_id = UUID(null=True, default=None)
    restocked = Boolean(default=False)
    answer_by = Timestamptz()
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    received_at = Timestamptz(null=True, default=None)


class OrderReturnLine(Table, tablename="order_return_lines"):
    """So many of a line of the order. `amount_minor` is an estimate until they are received."""

    id = BigSerial(primary_key=True)
    order_return = ForeignKey(OrderReturn, on_delete=OnDelete.restrict)
    line = ForeignKey(OrderLine, on_delete=OnDelete.restrict, index=True)
    variant = UUID(default=None)
    quantity = Integer()
    amount_minor = BigInt()


class OrderReturnHistory(Table, tablename="order_return_history"):
    """Who moved a return from which status to which, when and why. Append-only. No actor: the house itself."""

    id = BigSerial(primary_key=True)
    order_return = ForeignKey(OrderReturn, on_delete=OnDelete.restrict, index=True)
    from_status = Varchar(length=16, default="")
    to_status = Varchar(length=16)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text(default="")
    at = Timestamptz(default=TimestamptzNow())
