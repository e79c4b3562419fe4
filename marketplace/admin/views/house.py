"""Who there is, what things are filed under, and what the house itself does."""

from piccolo_admin.endpoints import TableConfig

from marketplace.accounts.states import Role
from marketplace.accounts.tables import IdentityCheck, Session, User
from marketplace.admin.staff import Staff
from marketplace.admin.views.common import looked_at
from marketplace.catalog.tables import Category, Tag
from marketplace.core.tables import AuditLog, Outbox, PlatformSetting, Timer
from marketplace.media.tables import Media
from marketplace.moderation.tables import ModerationCase
from marketplace.notifications.tables import Notification


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
