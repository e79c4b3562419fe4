"""Piccolo Admin: which tables staff see, in which order, and which forms they have."""

from typing import Any
from urllib.parse import urlsplit

from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.rate_limiting.middleware import RateLimitProvider

from marketplace.admin.desk.mount import desk
from marketplace.admin.forms import FORMS
from marketplace.admin.mfa import AuthenticatorApp
from marketplace.admin.staff import Staff
from marketplace.admin.tables import StaffSession
from marketplace.admin.views import house, money, selling
from marketplace.core.config import settings


class AccountLimits(RateLimitProvider):
    """None here: signing in and codes are counted by the accounts' own limits, exactly and for all processes together."""

    def increment(self, identifier: str) -> None:
        pass


def tables() -> list[TableConfig]:
    """Everything that staff may look at, in the order of the sidebar."""
    return [
        *house.people(),
        *selling.auctions(),
        *money.orders(),
        *selling.shop(),
        *selling.reviews(),
        *selling.coupons(),
        *selling.gigs(),
        *money.disputes(),
        *selling.engagements(),
        *money.money(),
        *money.books(),
        *house.moderation(),
        *house.catalog(),
        *house.system(),
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
