"""Signing up, in and out."""

from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.controllers.client import client_of
from marketplace.accounts.schemas.auth import Credentials, LogoutBody, RefreshBody, Registration, SignedIn
from marketplace.accounts.service import login, registration, sessions
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok


class AuthController(Controller):
    tags = ("Signing in",)

    @post(["/auth/register", "/users/register"], operation_id="register")
    async def register(self, request: Request[Any, Any, Any], data: JSONBody[Registration]) -> Envelope[SignedIn]:
        """Make an account and sign in. A letter with a link to verify the address follows.

        The answer is the same whether the address has an account already or not; then its owner gets another letter.
        """
        accept = request.headers.get("accept-language", "")
        signed_in = await registration.register(data, client_of(request), accept)
        return ok(signed_in, "User registered successfully. Please check your email to verify your account.")

    @post(["/auth/login", "/auth/token"], operation_id="logIn", status_code=HTTP_200_OK)
    async def log_in(self, request: Request[Any, Any, Any], data: JSONBody[Credentials]) -> Envelope[SignedIn]:
        """Sign in with an address or username and a password. Refuses with `wrong_credentials` or `account_banned`."""
        return ok(await login.log_in(data, client_of(request)), "Login successful")

    @post(["/auth/refresh", "/auth/token/refresh"], operation_id="refreshTokens", status_code=HTTP_200_OK)
    async def refresh(self, request: Request[Any, Any, Any], data: JSONBody[RefreshBody]) -> Envelope[SignedIn]:
        """Exchange the refresh token for new tokens; keep the new `refresh`, the old one is used up.

        An old one that comes back after 10 seconds ends the session: somebody has a copy. Refuses with `token_invalid`.
        """
        return ok(await sessions.refresh_session(data.refresh, client_of(request)))

    @post("/auth/logout", operation_id="logOut", status_code=HTTP_200_OK)
    async def log_out(
        self, visitor: NamedDependency[Viewer | None], data: JSONBody[LogoutBody | None] = None
    ) -> Envelope[None]:
        """Sign out this device, the one of the given refresh token, or with `all` every device."""
        wanted = data or LogoutBody()
        signed_in = (visitor.id, visitor.session_id) if visitor else None
        await sessions.log_out(signed_in, wanted.refresh, everywhere=wanted.all)
        return ok(None, "Logout successful")

    @post("/auth/logout/all", operation_id="logOutEverywhere", status_code=HTTP_200_OK)
    async def log_out_everywhere(self, viewer: NamedDependency[Viewer]) -> Envelope[None]:
        """Sign out every device of this account, this one too."""
        await sessions.log_out((viewer.id, viewer.session_id), None, everywhere=True)
        return ok(None, "Logout successful")
