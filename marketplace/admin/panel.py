"""Piccolo Admin: which tables staff see, in which order, and which forms they have."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from piccolo.columns import JSON, Column
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.crud.endpoints import OrderBy
from piccolo_api.crud.validators import Validators
from piccolo_api.rate_limiting.middleware import RateLimitProvider

from marketplace.accounts.states import Role
from marketplace.accounts.tables import IdentityCheck, Session, User
from marketplace.admin import gate
from marketplace.admin.desk.mount import desk
from marketplace.admin.forms import FORMS
from marketplace.admin.mfa import AuthenticatorApp
from marketplace.admin.staff import Staff, read_only, searched_by, staff_with, with_second_factor
from marketplace.admin.tables import StaffSession
from marketplace.auctions.tables import Auction, AuctionHistory, Bid, Lot, Sale, SecondChanceOffer, Strike
from marketplace.catalog.tables import Category, Tag
from marketplace.core.config import settings
from marketplace.core.tables import AuditLog, Outbox, PlatformSetting, Timer
from marketplace.disputes.tables import Dispute, DisputeDecision, DisputeHistory, DisputeMessage, DisputeProposal
from marketplace.engagements.tables import (
    CustomOffer,
    Delivery,
    Engagement,
    EngagementRequest,
    EngagementRequirement,
    Milestone,
    MilestonePlan,
)
from marketplace.gigs.tables import Gig, GigExtra, GigMedia, GigPackage
from marketplace.ledger.tables import LedgerAccount, LedgerEntry, LedgerHold, LedgerTransfer
from marketplace.media.tables import Media
from marketplace.moderation.tables import ModerationCase
from marketplace.notifications.tables import Notification
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
from marketplace.reviews.tables import Review, SellerStanding, UserRating
from marketplace.shop.tables import (
    Coupon,
    CouponUse,
    LineCancellation,
    OrderReturn,
    OrderReturnHistory,
    OrderReturnLine,
    Product,
    ProductImport,
    StockMovement,
    Variant,
)


def looked_at(
    table: type[Table],
    group: str,
    columns: Sequence[Column],
    *,
    link: Column | None = None,
    newest_by: Column | None = None,
    role: Role = Role.MODERATOR,
) -> TableConfig:
    """A table that staff of `role` may look at, by these columns, and nobody may edit."""
    key = table._meta.primary_key
    if link is not None and any(column._meta.name == key._meta.name for column in columns):
        raise ValueError(f"{table.__name__}: a list that shows its key links by it, or its page stays empty")
    names = {column._meta.name for column in (key, *columns, *([newest_by] if newest_by is not None else []))}
    filters = names - {
        column._meta.name for column in columns if isinstance(column, JSON)
    }  # which compare with nothing
    gate.show(table._meta.tablename, names)
    return TableConfig(
        table,
        menu_group=group,
        visible_columns=list(columns),
        visible_filters=[column for column in columns if column._meta.name in filters],
        link_column=link,
        order_by=[OrderBy(newest_by if newest_by is not None else key, ascending=newest_by is None)],
        validators=Validators(every=[with_second_factor, read_only, staff_with(role), searched_by(names, filters)]),
    )


def people() -> list[TableConfig]:
    u, s, c, d = User, Staff, IdentityCheck, Session
    return [
        looked_at(
            u, "People", [u.username, u.email, u.role, u.status, u.ban_reason, u.email_verified_at, u.created_at],
            link=u.username, newest_by=u.created_at,
        ),
        looked_at(s, "People", [s.username, s.email, s.role, s.active], link=s.username, role=Role.ADMIN),
        looked_at(c, "People", [c.id, c.user, c.document_type, c.country_code, c.status, c.submitted_at, c.decided_at], newest_by=c.submitted_at),
        looked_at(d, "People", [d.id, d.user, d.address, d.created_at, d.last_seen_at, d.ended_at], newest_by=d.created_at),
    ]  # fmt: skip


def auctions() -> list[TableConfig]:
    a, lot, b, h, s, o, x = Auction, Lot, Bid, AuctionHistory, Sale, SecondChanceOffer, Strike
    return [
        looked_at(
            a, "Auctions", [a.id, a.title, a.seller, a.status, a.currency, a.starts_at, a.ends_at, a.created_at],
            newest_by=a.created_at,
        ),
        looked_at(
            lot, "Auctions",
            [lot.title, lot.auction, lot.status, lot.outcome, lot.price_minor, lot.bid_count, lot.leader, lot.ends_at],
            link=lot.title,
        ),
        looked_at(
            b, "Auctions", [b.id, b.lot, b.seq, b.kind, b.bidder, b.price_after, b.leader_after, b.placed_at],
            newest_by=b.placed_at,
        ),
        looked_at(h, "Auctions", [h.id, h.auction, h.subject, h.from_status, h.to_status, h.actor, h.reason, h.at], newest_by=h.at),
        looked_at(
            s, "Auctions", [s.id, s.auction, s.buyer, s.seller, s.amount_minor, s.currency, s.status, s.pay_by],
            newest_by=s.created_at,
        ),
        looked_at(x, "Auctions", [x.id, x.user, x.sale, x.at, x.lifted_at, x.lifted_by, x.lift_reason], newest_by=x.at),
        looked_at(o, "Auctions", [o.id, o.auction, o.bidder, o.amount_minor, o.currency, o.status, o.expires_at], newest_by=o.created_at),
    ]  # fmt: skip


def catalog() -> list[TableConfig]:
    c, t, m = Category, Tag, Media
    return [
        looked_at(c, "Catalog", [c.slug, c.name, c.name_zh, c.parent, c.position, c.is_active], link=c.slug),
        looked_at(t, "Catalog", [t.slug, t.name, t.is_active, t.created_at], link=t.slug, newest_by=t.created_at),
        looked_at(m, "Catalog", [m.id, m.owner, m.kind, m.purpose, m.public, m.state, m.created_at], newest_by=m.created_at),
    ]  # fmt: skip


def coupons() -> list[TableConfig]:
    c, u = Coupon, CouponUse
    return [
        looked_at(
            c, "Shop",
            [c.code, c.title, c.seller, c.kind, c.percent_bps, c.amount_minor, c.currency, c.used_count, c.max_uses, c.is_active, c.ends_at],
            link=c.title, newest_by=c.created_at,
        ),
        looked_at(
            u, "Shop", [u.id, u.coupon, u.user, u.checkout, u.discount_minor, u.currency, u.created_at, u.given_back_at],
            newest_by=u.created_at,
        ),
    ]  # fmt: skip


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


def shop() -> list[TableConfig]:
    p, v, m, f = Product, Variant, StockMovement, ProductImport
    r, i, h, c = OrderReturn, OrderReturnLine, OrderReturnHistory, LineCancellation
    return [
        looked_at(
            p, "Shop",
            [p.name, p.slug, p.seller, p.status, p.currency, p.price_minor, p.is_featured, p.sold_count, p.rating_count, p.created_at],
            link=p.name, newest_by=p.created_at,
        ),
        looked_at(v, "Shop", [v.id, v.product, v.name, v.sku, v.price_minor, v.is_active, v.on_hand, v.allocated], newest_by=v.created_at),
        looked_at(
            m, "Shop", [m.id, m.variant, m.kind, m.on_hand_change, m.allocated_change, m.on_hand_after, m.allocated_after, m.order, m.actor, m.reason, m.at],
            newest_by=m.at,
        ),
        looked_at(f, "Shop", [f.id, f.seller, f.filename, f.mode, f.status, f.total, f.done, f.failed, f.created_at], newest_by=f.created_at),
        looked_at(
            r, "Shop", [r.id, r.order, r.buyer, r.seller, r.status, r.amount_minor, r.refunded_minor, r.refund_id, r.restocked, r.answer_by, r.created_at],
            newest_by=r.created_at,
        ),
        looked_at(
            c, "Shop", [c.id, c.order, c.line, c.quantity, c.amount_minor, c.refunded_minor, c.actor, c.reason, c.at],
            newest_by=c.at,
        ),
        looked_at(i, "Shop", [i.id, i.order_return, i.line, i.variant, i.quantity, i.amount_minor]),
        looked_at(h, "Shop", [h.id, h.order_return, h.from_status, h.to_status, h.actor, h.reason, h.at], newest_by=h.at),
    ]  # fmt: skip


def reviews() -> list[TableConfig]:
    r, u, s = Review, UserRating, SellerStanding
    return [
        looked_at(
            r, "Reviews",
            [r.id, r.kind, r.subject, r.order, r.author, r.reviewee, r.rating, r.title, r.blind_until, r.hidden_at, r.hidden_by,
             r.hidden_reason, r.created_at],
            newest_by=r.created_at,
        ),
        looked_at(u, "Reviews", [u.user, u.seller_sum, u.seller_count, u.client_sum, u.client_count]),
        looked_at(
            s, "Reviews",
            [s.seller, s.level, s.completed_orders, s.cancelled_orders, s.promised_orders, s.kept_orders, s.response_minutes, s.year_completed,
             s.year_refunded, s.computed_at],
            newest_by=s.computed_at,
        ),
    ]  # fmt: skip


def gigs() -> list[TableConfig]:
    g, p, e, m = Gig, GigPackage, GigExtra, GigMedia
    return [
        looked_at(
            g, "Gigs",
            [
                g.title, g.slug, g.seller, g.status, g.rejected_reason, g.currency, g.starting_minor, g.delivery_days, g.featured_at,
                g.featured_until, g.hidden_at, g.order_count, g.completed_count, g.rating_count, g.view_count, g.updated_at,
            ],
            link=g.title, newest_by=g.updated_at,
        ),
        looked_at(p, "Gigs", [p.id, p.gig, p.tier, p.title, p.price_minor, p.delivery_days, p.revisions, p.is_main, p.archived_at], newest_by=p.created_at),
        looked_at(e, "Gigs", [e.id, e.gig, e.title, e.price_minor, e.extra_days, e.archived_at], newest_by=e.created_at),
        looked_at(m, "Gigs", [m.id, m.gig, m.file, m.kind, m.position, m.title, m.is_cover], newest_by=m.created_at),
    ]  # fmt: skip


def engagements() -> list[TableConfig]:
    e, d, r, o, q = Engagement, Delivery, EngagementRequest, CustomOffer, EngagementRequirement
    m, p = Milestone, MilestonePlan
    return [
        looked_at(
            e, "Gigs",
            [e.id, e.gig, e.package, e.offer, e.delivery_days, e.extended_days, e.revisions_allowed, e.revisions_used, e.accepted_at,
             e.due_at, e.clock_stopped_at, e.late_at, e.very_late_at, e.created_at],
            newest_by=e.created_at,
        ),
        looked_at(
            d, "Gigs", [d.id, d.engagement, d.version, d.status, d.message, d.answer, d.files, d.seen_at, d.answered_at, d.created_at],
            newest_by=d.created_at,
        ),
        looked_at(
            r, "Gigs", [r.id, r.engagement, r.kind, r.asked_by, r.days, r.reason, r.status, r.answer, r.answered_by, r.answer_by, r.created_at],
            newest_by=r.created_at,
        ),
        looked_at(
            m, "Gigs",
            [m.id, m.engagement, m.position, m.title, m.amount_minor, m.carried_minor, m.released_minor, m.returned_minor, m.status,
             m.message, m.answer, m.approve_by, m.approved_at, m.created_at],
            newest_by=m.created_at,
        ),
        looked_at(p, "Gigs", [p.id, p.proposed_by, p.one_by_one, p.agreed_at, p.created_at], newest_by=p.created_at),
        looked_at(q, "Gigs", [q.id, q.engagement, q.position, q.kind, q.question, q.is_required, q.answer, q.chosen, q.answered_at]),
        looked_at(
            o, "Gigs",
            [o.id, o.thread, o.gig, o.seller, o.buyer, o.author, o.status, o.price_minor, o.currency, o.delivery_days, o.revisions,
             o.order, o.expires_at, o.created_at],
            newest_by=o.created_at,
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


def moderation() -> list[TableConfig]:
    c, n = ModerationCase, Notification
    return [
        looked_at(
            c, "Moderation",
            [c.id, c.kind, c.status, c.user, c.other_user, c.object_id, c.times, c.updated_at, c.decision],
            newest_by=c.updated_at,
        ),
        looked_at(n, "Moderation", [n.id, n.user, n.type, n.occurrences, n.happened_at], newest_by=n.happened_at),
    ]  # fmt: skip


def system() -> list[TableConfig]:
    log, p, t, q = AuditLog, PlatformSetting, Timer, Outbox
    return [
        looked_at(
            log, "System",
            [log.seq, log.at, log.actor, log.action, log.object_type, log.object_id, log.reason, log.before, log.after],
            newest_by=log.at, role=Role.MANAGER,
        ),
        looked_at(p, "System", [p.key, p.value, p.updated_at, p.updated_by], role=Role.MANAGER),
        looked_at(t, "System", [t.id, t.kind, t.key, t.due_at, t.attempts, t.last_error], role=Role.ADMIN),
        looked_at(q, "System", [q.id, q.kind, q.handler, q.due_at, q.attempts, q.last_error], role=Role.ADMIN),
    ]  # fmt: skip


class AccountLimits(RateLimitProvider):
    """None here: signing in and codes are counted by the accounts' own limits, exactly and for all processes together."""

    def increment(self, identifier: str) -> None:
        pass


def tables() -> list[TableConfig]:
    """Everything that staff may look at, in the order of the sidebar."""
    return [
        *people(),
        *auctions(),
        *orders(),
        *shop(),
        *reviews(),
        *coupons(),
        *gigs(),
        *disputes(),
        *engagements(),
        *money(),
        *books(),
        *moderation(),
        *catalog(),
        *system(),
    ]


def create_panel() -> Any:
    """The ASGI application to mount at /admin."""
    config = settings()
    panel = create_admin(
        tables=tables(),
        forms=FORMS,
        auth_table=Staff,  # type: ignore[arg-type]
        session_table=StaffSession,
        auto_include_related=False,
        production=config.env == "production",
        allowed_hosts=[urlsplit(config.public_url).hostname or "127.0.0.1"],
        site_name="Marketplace back office",
        page_size=25,
        rate_limit_provider=AccountLimits(),
        mfa_providers=[AuthenticatorApp()],
        sidebar_links={"Dispute desk": "/admin/desk/", "API docs": "/api/docs", "Front page": "/"},
    )
    panel.mount("/desk", desk())
    return panel
