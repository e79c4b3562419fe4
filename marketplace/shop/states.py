from enum import StrEnum

from marketplace.core.states import Machine


class ProductStatus(StrEnum):
    """Only active products are shown and sold. Archived ones stay for the orders that name them."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class MovementKind(StrEnum):
    """Why stock moved. `on_hand` is what lies on the shelf, `allocated` what of it is promised to orders."""

    RECEIVED = "received"
    CORRECTED = "corrected"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    RETURNED = "returned"


class ImportMode(StrEnum):
    """What becomes of the good lines of a file that has bad ones: nothing, or they are taken."""

    ALL = "all"
    BY_LINE = "by_line"


class ImportStatus(StrEnum):
    """`refused`: nothing was taken over, `errors` say why."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class CouponKind(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"
    FREE_SHIPPING = "free_shipping"


class CouponState(StrEnum):
    """Read off a coupon's dates, limits and switch; nothing moves it."""

    ACTIVE = "active"
    SCHEDULED = "scheduled"
    EXPIRED = "expired"
    USED_UP = "used_up"
    STOPPED = "stopped"


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    RECEIVED = "received"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


P = ProductStatus
PRODUCT: Machine[ProductStatus] = Machine({
    P.DRAFT: frozenset({P.ACTIVE, P.ARCHIVED}),
    P.ACTIVE: frozenset({P.DRAFT, P.ARCHIVED}),
    P.ARCHIVED: frozenset({P.DRAFT}),
})  # fmt: skip

I = ImportStatus  # noqa: E741 - as the others
IMPORT: Machine[ImportStatus] = Machine({
    I.QUEUED: frozenset({I.RUNNING, I.REFUSED}),
    I.RUNNING: frozenset({I.DONE, I.REFUSED}),
    I.DONE: frozenset(),
    I.REFUSED: frozenset(),
})  # fmt: skip

R = ReturnStatus
RETURN: Machine[ReturnStatus] = Machine({
    R.REQUESTED: frozenset({R.APPROVED, R.REJECTED, R.CANCELLED}),
    R.APPROVED: frozenset({R.RECEIVED, R.CANCELLED}),
    R.RECEIVED: frozenset({R.REFUNDED}),
    R.REJECTED: frozenset(),
    R.REFUNDED: frozenset(),
    R.CANCELLED: frozenset(),
})  # fmt: skip
