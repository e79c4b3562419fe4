"""Piccolo Admin: which tables staff see, in which order, and which forms they have."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from piccolo.columns import Column
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.crud.endpoints import OrderBy
from piccolo_api.crud.validators import Validators

from marketplace.accounts.states import Role
from marketplace.accounts.tables import User
from marketplace.admin.staff import Staff, read_only, staff_with
from marketplace.admin.tables import StaffSession
from marketplace.core.config import settings
from marketplace.core.tables import Outbox, PlatformSetting, Timer


def looked_at(
    table: type[Table],
    group: str,
    columns: Sequence[Column],
    *,
    link: Column | None = None,
    newest_by: Column | None = None,
    filters: Sequence[Column] | None = None,
    role: Role = Role.MODERATOR,
) -> TableConfig:
    """A table that staff of `role` may look at and nobody may edit."""
    return TableConfig(
        table,
        menu_group=group,
        visible_columns=list(columns),
        visible_filters=list(filters if filters is not None else columns),
        link_column=link,
        order_by=[OrderBy(newest_by, ascending=False)] if newest_by is not None else None,
        validators=Validators(every=[read_only, staff_with(role)]),
    )


def tables() -> list[TableConfig]:
    return [
        looked_at(
            User, "People",
            [User.username, User.email, User.role, User.status, User.ban_reason, User.email_verified_at, User.created_at],
            link=User.username, newest_by=User.created_at,
        ),
        looked_at(
            Staff, "People", [Staff.username, Staff.email, Staff.role, Staff.active],
            link=Staff.username, role=Role.ADMIN,
        ),
        looked_at(PlatformSetting, "System", [PlatformSetting.key, PlatformSetting.value, PlatformSetting.updated_at]),
        looked_at(Timer, "System", [Timer.id, Timer.kind, Timer.key, Timer.due_at, Timer.attempts, Timer.last_error]),
        looked_at(
            Outbox, "System",
            [Outbox.id, Outbox.kind, Outbox.handler, Outbox.due_at, Outbox.attempts, Outbox.last_error],
        ),
    ]  # fmt: skip


def create_panel() -> Any:
    """The ASGI application to mount at /admin."""
    config = settings()
    return create_admin(
        tables=tables(),
        forms=[],
        auth_table=Staff,  # type: ignore[arg-type]
        session_table=StaffSession,
        auto_include_related=False,
        production=config.env == "production",
        allowed_hosts=[urlsplit(config.public_url).hostname or "127.0.0.1"],
        site_name="Marketplace back office",
        page_size=25,
        sidebar_links={"API docs": "/api/docs", "Front page": "/"},
    )
