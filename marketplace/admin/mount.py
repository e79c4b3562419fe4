"""Where the back office hangs in the application."""

from functools import cache
from typing import Any, Final

from litestar import asgi
from litestar.response import Redirect
from litestar.types import Receive, Scope, Send

from marketplace.admin import handlers as handlers
from marketplace.admin.panel import create_panel
from marketplace.core.errors import NotFound

panel = cache(create_panel)

CLOSED: Final = "/api/change-password"
"""Closed here: an account's password changes in one place, `POST /api/v1/auth/password`."""


@asgi("/admin", is_mount=True, copy_scope=True)
async def back_office(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] in ("", "/") and not scope["raw_path"].endswith(b"/"):
        # The panel's own addresses are relative: without the slash they would miss.
        await Redirect("/admin/").to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]
        return
    if scope["path"].rstrip("/").endswith(CLOSED):
        raise NotFound("Change your password in your account: POST /api/v1/auth/password.")
    await panel()(scope, receive, send)


MOUNTS: list[Any] = [back_office]
