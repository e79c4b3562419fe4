"""What staff are shown of orders and of money: lists over everybody's."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from marketplace.admin.money_schemas import StaffBreakRow, StaffOrderRow, StaffPaymentRow, StaffPayoutRow
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders.parts import CHECKOUTS
from marketplace.orders.states import Phase
from marketplace.payments.states import PaymentStatus, PayoutStatus


class PaymentFilters(Filters):
    status: list[PaymentStatus] | None = None
    provider: str | None = None
    purpose: str | None = None
    currency: str | None = None
    payer: Annotated[UUID, Meta(description="The payer's id.")] | None = None
    order_id: Annotated[UUID, Meta(description="An order that it paid for.")] | None = None
    surplus: Annotated[bool, Meta(description="Came in late or twice, and was given back.")] | None = None


class OrderFilters(Filters):
    kind: str | None = None
    status: str | None = None
    phase: list[Phase] | None = None
    currency: str | None = None
    buyer: UUID | None = None
    seller: UUID | None = None
    frozen: bool | None = None


class PayoutFilters(Filters):
    status: list[PayoutStatus] | None = None
    user: UUID | None = None
    currency: str | None = None


class BreakFilters(Filters):
    open: Annotated[bool, Meta(description="Not closed by staff yet.")] | None = None
    provider: str | None = None


PAYMENTS: Final = Listing(
    "admin_payments", PaymentFilters, key=Order("p.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("p.created_at", "timestamptz"), "amount": Order("p.amount_minor", "bigint")},
    search=("u.username", "u.email", "p.reference", "p.description"), date="p.created_at",
)  # fmt: skip
ORDERS: Final = Listing(
    "admin_orders", OrderFilters, key=Order("o.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("o.created_at", "timestamptz"), "total_amount": Order("o.total_minor", "bigint")},
    search=("o.number", "b.username", "s.username"), date="o.created_at",
)  # fmt: skip
PAYOUTS: Final = Listing(
    "admin_payouts", PayoutFilters, key=Order("p.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("p.created_at", "timestamptz"), "amount": Order("p.amount_minor", "bigint")},
    search=("u.username", "u.email"), date="p.created_at",
)  # fmt: skip
BREAKS: Final = Listing(
    "admin_breaks", BreakFilters, key=Order("x.id", "uuid"), default="-found_at",
    ordering={"found_at": Order("x.found_at", "timestamptz")}, search=("x.rule", "x.subject_id"), date="x.found_at",
)  # fmt: skip


async def list_payments(listing: ListQuery[PaymentFilters]) -> Envelope[Page[StaffPaymentRow]]:
    wanted = listing.filters
    rows = (
        listing.rows("payments p JOIN users u ON u.id = p.payer")
        .columns(
            "p.id, p.payer AS payer_id, u.username AS payer, p.purpose, p.subject AS subject_id, p.provider, p.reference, "
            "money_text(p.amount_minor, p.currency) AS amount, money_text(p.refunded_minor, p.currency) AS refunded, "
            "p.currency, p.status, p.surplus, p.failure_code, p.created_at, p.succeeded_at"
        )
        .when("p.status = ANY({}::text[])", wanted.status)
        .when("p.provider = {}", wanted.provider)
        .when("p.purpose = {}", wanted.purpose)
        .when("p.currency = {}", wanted.currency)
        .when("p.payer = {}", wanted.payer)
        .when(f"p.purpose = 'checkout' AND p.subject IN {CHECKOUTS.format('{}')}", wanted.order_id, wanted.order_id)
        .when("p.surplus = {}", wanted.surplus)
    )
    return await rows.page(StaffPaymentRow)


async def list_orders(listing: ListQuery[OrderFilters]) -> Envelope[Page[StaffOrderRow]]:
    wanted = listing.filters
    rows = (
        listing.rows("orders o JOIN users b ON b.id = o.buyer JOIN users s ON s.id = o.seller")
        .columns(
            "o.id, o.number AS order_number, o.kind, o.status, o.phase, o.buyer AS buyer_id, b.username AS buyer, "
            "o.seller AS seller_id, s.username AS seller, money_text(o.total_minor, o.currency) AS total_amount, "
            "money_text(o.commission_minor, o.currency) AS commission, money_text(o.captured_minor, o.currency) AS captured, "
            "money_text(o.released_minor, o.currency) AS released, money_text(o.refunded_minor, o.currency) AS refunded, "
            "money_text(o.captured_minor - o.released_minor - o.refunded_held_minor, o.currency) AS held, "
            "o.currency, o.frozen_at IS NOT NULL AS frozen, o.created_at, o.paid_at, o.completed_at"
        )
        .when("o.kind = {}", wanted.kind)
        .when("o.status = {}", wanted.status)
        .when("o.phase = ANY({}::text[])", wanted.phase)
        .when("o.currency = {}", wanted.currency)
        .when("o.buyer = {}", wanted.buyer)
        .when("o.seller = {}", wanted.seller)
        .when("(o.frozen_at IS NOT NULL) = {}", wanted.frozen)
    )
    return await rows.page(StaffOrderRow)


async def list_payouts(listing: ListQuery[PayoutFilters]) -> Envelope[Page[StaffPayoutRow]]:
    wanted = listing.filters
    rows = (
        listing.rows('payouts p JOIN users u ON u.id = p."user"')
        .columns(
            'p.id, p."user" AS user_id, u.username AS "user", p.source, p.provider, p.reference, p.status, p.needs_approval, '
            "p.approved_by AS approved_by_id, money_text(p.amount_minor, p.currency) AS amount, p.currency, p.failure_code, "
            "p.created_at, p.paid_at"
        )
        .when("p.status = ANY({}::text[])", wanted.status)
        .when('p."user" = {}', wanted.user)
        .when("p.currency = {}", wanted.currency)
    )
    return await rows.page(StaffPayoutRow)


async def list_breaks(listing: ListQuery[BreakFilters]) -> Envelope[Page[StaffBreakRow]]:
    wanted = listing.filters
    rows = (
        listing.rows("reconciliation_breaks x")
        .columns(
            "x.id, x.rule, x.provider, x.subject, x.subject_id, x.ours, x.theirs, x.found_at, x.closed_at, x.closed_by AS closed_by_id, x.note"
        )
        .when("(x.closed_at IS NULL) = {}", wanted.open)
        .when("x.provider = {}", wanted.provider)
    )
    return await rows.page(StaffBreakRow)
