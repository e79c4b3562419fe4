"""The ways to sell, and what is said of them."""

from piccolo_admin.endpoints import TableConfig

from marketplace.admin.views.common import looked_at
from marketplace.auctions.tables import Auction, AuctionHistory, Bid, Lot, Sale, SecondChanceOffer, Strike
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
