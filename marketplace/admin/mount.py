"""Where the back office hangs in the application."""

from functools import cache
from typing import Any

from litestar import asgi
from litestar.response import Redirect
from litestar.types import Receive, Scope, Send

from marketplace.admin.panel import create_panel

panel = cache(create_panel)


@asgi("/admin", is_mount=True, copy_scope=True)
async def back_office(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] in ("", "/") and not scope["raw_path"].endswith(b"/"):
        # The panel's own addresses are relative: without the slash they would miss.
        await Redirect("/admin/").to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]
        return
    await panel()(scope, receive, send)


MOUNTS: list[Any] = [back_office]
