"""The desk as a part of the panel: behind its session, its CSRF check and its door."""

from pathlib import Path
from typing import Any, Final

from piccolo_api.session_auth.middleware import SessionsAuthBackend
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from marketplace.admin.desk import pages
from marketplace.admin.staff import Staff
from marketplace.admin.tables import StaffSession

STATIC: Final = Path(__file__).parent / "static"
CASE: Final = "/{dispute_id:uuid}"


def desk() -> Any:
    """The ASGI application to mount in the panel, at /desk."""
    pairs: list[tuple[str, Any]] = [
        ("take", pages.take), ("let-go", pages.let_go), ("say", pages.say), ("ask", pages.ask), ("preview", pages.preview),
        ("decide", pages.decide),
    ]  # fmt: skip
    routes = [
        Route("/", pages.guarded(pages.queue)),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/next/", pages.guarded(pages.take_next), methods=["POST"]),
        Route(f"{CASE}/", pages.guarded(pages.case)),
        Route(f"{CASE}/evidence/json/", pages.guarded(pages.evidence)),
        Route(f"{CASE}/evidence/zip/", pages.guarded(pages.evidence_files)),
        *(Route(f"{CASE}/{name}/", pages.guarded(deed), methods=["POST"]) for name, deed in pairs),
    ]
    backend = SessionsAuthBackend(auth_table=Staff, session_table=StaffSession, admin_only=True)  # type: ignore[arg-type]
    sessions = Middleware(AuthenticationMiddleware, backend=backend, on_error=_sign_in)
    return Starlette(routes=routes, middleware=[sessions])


def _sign_in(_: HTTPConnection, __: Exception) -> Response:
    return RedirectResponse("/admin/#/login", status_code=303)
