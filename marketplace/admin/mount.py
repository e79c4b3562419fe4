"""Where the back office hangs in the application."""

import asyncio
from typing import Any

from litestar import asgi
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from marketplace.admin import gate
from marketplace.admin import handlers as handlers

_building = asyncio.Lock()
_built: ASGIApp | None = None


@asgi("/admin", is_mount=True, copy_scope=True)
async def back_office(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] in ("", "/") and not scope["raw_path"].endswith(b"/"):
        # The panel's own addresses are relative: without the slash they would miss.
        await Redirect("/admin/").to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]
        return
    receive = await gate.checked(scope, receive)
    with gate.calling(scope):
        await (await panel())(scope, receive, send)


async def panel() -> ASGIApp:
    """Made when somebody first comes: it brings a second framework, which would slow every start by a third."""
    global _built
    async with _building:
        if _built is None:
            _built = await asyncio.to_thread(_build)
    return _built


def _build() -> ASGIApp:
    from marketplace.admin.panel import create_panel

    built: ASGIApp = create_panel()
    return built


MOUNTS: list[Any] = [back_office]
