"""Payments as their payers see them."""

from typing import Final
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.payments.errors import PaymentNotFound
from marketplace.payments.payables import Payee
from marketplace.payments.schemas.payments import PaymentDetail, PaymentOut
from marketplace.payments.states import PaymentStatus


class PaymentFilters(Filters):
    status: list[PaymentStatus] | None = None
    purpose: list[str] | None = None
    payment_method: list[str] | None = None
    subject: UUID | None = None


PAYMENTS: Final = Listing(
    "payments", PaymentFilters, key=Order("p.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("p.created_at", "timestamptz"), "amount": Order("p.amount_minor", "bigint")},
    search=("p.description",), date="p.created_at",
)  # fmt: skip

SHOWN: Final = """p.id, p.reference AS payment_intent_id, p.client_secret, p.purpose, p.subject, p.provider AS payment_method,
  p.status, p.surplus, money_text(p.amount_minor, p.currency) AS amount, money_text(p.refunded_minor, p.currency) AS refunded,
  p.currency, p.description, p.action_url, p.action_kind, p.failure_code, p.failure_message, p.created_at, p.updated_at,
  p.succeeded_at"""
REFUNDS: Final = """coalesce((SELECT json_agg(json_build_object('id', r.id, 'order_id', r.order_id,
    'amount', money_text(r.amount_minor, r.currency), 'currency', r.currency, 'status', r.status, 'reason', r.reason,
    'created_at', r.created_at) ORDER BY r.id) FROM refunds r WHERE r.payment = p.id), '[]') AS refunds"""


async def list_payments(listing: ListQuery[PaymentFilters], viewer_id: UUID) -> Envelope[Page[PaymentOut]]:
    """What the viewer has paid, or begun to."""
    asked = listing.filters
    rows = (
        listing.rows("payments p")
        .columns(SHOWN)
        .where("p.payer = {}", viewer_id)
        .when("p.status = ANY({}::text[])", asked.status)
        .when("p.purpose = ANY({}::text[])", asked.purpose)
        .when("p.provider = ANY({}::text[])", asked.payment_method)
        .when("p.subject = {}", asked.subject)
    )
    return await rows.page(PaymentOut)


async def get_shown(payment_id: UUID, viewer_id: UUID) -> PaymentDetail:
    """A payment of the viewer's. Raises PaymentNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {SHOWN}, {REFUNDS} FROM payments p "
        "WHERE p.id = $1 AND p.payer = $2) AS shown",
        payment_id, viewer_id,
    )  # fmt: skip
    if body is None:
        raise PaymentNotFound
    return msgspec.json.decode(body, type=PaymentDetail)


async def find_named(viewer_id: UUID, name: str | None, payee: Payee | None) -> UUID:
    """The viewer's payment that `name` is the id of, the provider's or ours, and that is for the payee where one is named.

    Without a name it is the last one for the payee. Raises PaymentNotFound.
    """
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM payments WHERE payer = $1 AND ($2::text IS NULL OR reference = $2 OR id::text = lower($2)) "
        "AND ($3::text IS NULL OR (purpose = $3 AND subject = $4)) ORDER BY created_at DESC, id DESC LIMIT 1",
        viewer_id, name, payee.purpose if payee else None, payee.subject if payee else None,
    )  # fmt: skip
    if found is None:
        raise PaymentNotFound
    return found
