"""Orders, money, the books, and what is disputed."""

from piccolo_admin.endpoints import TableConfig

from marketplace.accounts.states import Role
from marketplace.admin.views.common import looked_at
from marketplace.disputes.tables import Dispute, DisputeDecision, DisputeHistory, DisputeMessage, DisputeProposal
from marketplace.ledger.tables import LedgerAccount, LedgerEntry, LedgerHold, LedgerTransfer
from marketplace.orders.tables import LineProgress, Order, OrderHistory, OrderLine, OrderPart, Shipment, ShipmentLine
from marketplace.payments.tables import (
    Chargeback,
    Invoice,
    Payment,
    PaymentHistory,
    Payout,
    ReconciliationBreak,
    ReconciliationRun,
    Refund,
    WebhookEvent,
)


def orders() -> list[TableConfig]:
    o, part, line, h = Order, OrderPart, OrderLine, OrderHistory
    s, i, p = Shipment, ShipmentLine, LineProgress
    return [
        looked_at(
            o, "Orders",
            [
                o.number, o.kind, o.buyer, o.seller, o.status, o.phase, o.total_minor, o.currency, o.captured_minor,
                o.released_minor, o.refunded_minor, o.frozen_by, o.created_at,
            ],
            link=o.number, newest_by=o.created_at,
        ),
        looked_at(
            line, "Orders",
            [line.title, line.order, line.subject, line.quantity, line.subtotal_minor, line.tax_minor, line.commission_bps, line.commission_minor],
            link=line.title,
        ),
        looked_at(
            s, "Orders",
            [s.id, s.order, s.number, s.carrier, s.tracking_number, s.tracking_url, s.shipped_at, s.delivered_at, s.confirmed_at],
            newest_by=s.shipped_at,
        ),
        looked_at(i, "Orders", [i.id, i.shipment, i.line, i.quantity]),
        looked_at(p, "Orders", [p.id, p.quantity, p.sent, p.cancelled]),
        looked_at(part, "Orders", [part.id, part.order, part.position, part.title, part.amount_minor, part.refunded_minor, part.due_at, part.paid_at]),
        looked_at(h, "Orders", [h.id, h.order, h.from_status, h.to_status, h.actor, h.note, h.at], newest_by=h.at),
    ]  # fmt: skip


def money() -> list[TableConfig]:
    p, h, r, o, c, i = Payment, PaymentHistory, Refund, Payout, Chargeback, Invoice
    return [
        looked_at(
            p, "Money",
            [
                p.id, p.payer, p.purpose, p.subject, p.provider, p.amount_minor, p.currency, p.status, p.surplus,
                p.refunded_minor, p.reference, p.failure_code, p.created_at,
            ],
            newest_by=p.created_at,
        ),
        looked_at(r, "Money", [r.id, r.payment, r.order_id, r.amount_minor, r.currency, r.status, r.reason, r.requested_by, r.created_at], newest_by=r.created_at),
        looked_at(
            o, "Money",
            [o.id, o.user, o.source, o.provider, o.amount_minor, o.currency, o.status, o.needs_approval, o.approved_by, o.failure_code, o.created_at],
            newest_by=o.created_at,
        ),
        looked_at(c, "Money", [c.id, c.payment, c.amount_minor, c.currency, c.status, c.reason, c.created_at], newest_by=c.created_at),
        looked_at(i, "Money", [i.number, i.kind, i.issuer, i.recipient, i.order_id, i.total_minor, i.currency, i.issued_at], link=i.number, newest_by=i.issued_at),
        looked_at(h, "Money", [h.id, h.subject, h.subject_id, h.from_status, h.to_status, h.actor, h.reason, h.at], newest_by=h.at),
    ]  # fmt: skip


def books() -> list[TableConfig]:
    a, t, e, h = LedgerAccount, LedgerTransfer, LedgerEntry, LedgerHold
    b, run, w = ReconciliationBreak, ReconciliationRun, WebhookEvent
    return [
        looked_at(
            a, "Ledger", [a.id, a.kind, a.owner, a.provider, a.currency, a.shard, a.balance_minor, a.pending_out_minor, a.pending_in_minor],
            role=Role.MANAGER,
        ),
        looked_at(
            t, "Ledger",
            [t.id, t.key, t.action, t.reason, t.actor, t.order_id, t.payment_id, t.payout_id, t.resolves, t.reverses, t.event_at, t.created_at],
            newest_by=t.created_at, role=Role.MANAGER,
        ),
        looked_at(
            e, "Ledger", [e.id, e.transfer, e.account, e.seq, e.amount_minor, e.previous_minor, e.current_minor, e.currency, e.created_at],
            newest_by=e.created_at, role=Role.MANAGER,
        ),
        looked_at(h, "Ledger", [h.transfer, h.source, h.target, h.amount_minor], role=Role.MANAGER),
        looked_at(
            b, "Reconciliation", [b.id, b.rule, b.provider, b.subject, b.subject_id, b.ours, b.theirs, b.found_at, b.closed_at, b.note],
            newest_by=b.found_at, role=Role.MANAGER,
        ),
        looked_at(run, "Reconciliation", [run.id, run.started_at, run.finished_at, run.checked, run.breaks], newest_by=run.started_at, role=Role.MANAGER),
        looked_at(
            w, "Reconciliation", [w.id, w.provider, w.event_id, w.type, w.status, w.attempts, w.error, w.event_at, w.received_at],
            newest_by=w.received_at, role=Role.MANAGER,
        ),
    ]  # fmt: skip


def disputes() -> list[TableConfig]:
    d, p, c, m, h = Dispute, DisputeProposal, DisputeDecision, DisputeMessage, DisputeHistory
    return [
        looked_at(
            d, "Disputes",
            [
                d.id, d.order, d.opener, d.reason, d.currency, d.claim_minor, d.held_minor, d.status, d.turn, d.due_at, d.assignee,
                d.appealed_by, d.created_at, d.closed_at,
            ],
            newest_by=d.created_at,
        ),
        looked_at(p, "Disputes", [p.id, p.dispute, p.proposer, p.buyer_minor, p.seller_minor, p.status, p.created_at, p.answered_at], newest_by=p.created_at),
        looked_at(
            c, "Disputes", [c.id, c.dispute, c.number, c.final, c.how, c.buyer_minor, c.seller_minor, c.actor, c.reason, c.pack_sha256, c.at],
            newest_by=c.at,
        ),
        looked_at(m, "Disputes", [m.id, m.dispute, m.author, m.internal, m.at], newest_by=m.at),  # their words stand in the case
        looked_at(h, "Disputes", [h.id, h.dispute, h.from_status, h.to_status, h.actor, h.note, h.at], newest_by=h.at),
    ]  # fmt: skip
