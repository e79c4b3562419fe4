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
from marketplace.admin.forms import FORMS
from marketplace.admin.mfa import AuthenticatorApp
from marketplace.admin.staff import Staff, read_only, searched_by, staff_with, with_second_factor
from marketplace.admin.tables import StaffSession
from marketplace.auctions.tables import Auction, AuctionHistory, Bid, Lot, Sale, SecondChanceOffer
from marketplace.catalog.tables import Category, Tag
from marketplace.core.config import settings
from marketplace.core.tables import AuditLog, Outbox, PlatformSetting, Timer
from marketplace.media.tables import Media
from marketplace.moderation.tables import ModerationCase
from marketplace.notifications.tables import Notification


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
    names = {column._meta.name for column in (key, *columns)}
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
    a, lot, b, h, s, o = Auction, Lot, Bid, AuctionHistory, Sale, SecondChanceOffer
    return [
        looked_at(
            a, "Auctions", [a.title, a.id, a.seller, a.status, a.currency, a.starts_at, a.ends_at, a.created_at],
            link=a.title, newest_by=a.created_at,
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
        looked_at(o, "Auctions", [o.id, o.auction, o.bidder, o.amount_minor, o.currency, o.status, o.expires_at], newest_by=o.created_at),
    ]  # fmt: skip


def catalog() -> list[TableConfig]:
    c, t, m = Category, Tag, Media
    return [
        looked_at(c, "Catalog", [c.slug, c.name, c.name_zh, c.parent, c.position, c.is_active], link=c.slug),
        looked_at(t, "Catalog", [t.slug, t.name, t.is_active, t.created_at], link=t.slug, newest_by=t.created_at),
        looked_at(m, "Catalog", [m.id, m.owner, m.kind, m.purpose, m.public, m.state, m.created_at], newest_by=m.created_at),
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


def create_panel() -> Any:
    """The ASGI application to mount at /admin."""
    config = settings()
    return create_admin(
        tables=[*people(), *auctions(), *moderation(), *catalog(), *system()],
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
        sidebar_links={"API docs": "/api/docs", "Front page": "/"},
    )
