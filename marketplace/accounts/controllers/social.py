"""Signing in with an account of another service."""

from typing import Any

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.controllers.client import client_of
from marketplace.accounts.schemas.auth import SignedIn
from marketplace.accounts.schemas.social import (
    SocialAnswer,
    SocialLinkOut,
    SocialProviderOut,
    SocialStart,
    SocialStarted,
)
from marketplace.accounts.service import social
from marketplace.accounts.social.registry import providers
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok


class SocialController(Controller):
    path = "/auth/social"
    tags = ("Signing in",)

    @get(operation_id="listSocialProviders")
    async def show_all(self) -> Envelope[list[SocialProviderOut]]:
        """The other services whose accounts open one here."""
        return ok([SocialProviderOut(name) for name in sorted(providers())])

    @get("/links", operation_id="listSocialLinks")
    async def links(self, viewer: NamedDependency[Viewer]) -> Envelope[list[SocialLinkOut]]:
        """The accounts elsewhere that open one's own."""
        return ok(await social.joined(viewer.id))

    @post("/{provider:str}/start", operation_id="startSocialLogin", status_code=HTTP_200_OK)
    async def start(self, provider: FromPath[str], data: JSONBody[SocialStart]) -> Envelope[SocialStarted]:
        """Begin to sign in with another service: where to send the person, and what to keep until they are back."""
        return ok(await social.start(provider, data.redirect_uri, None))

    @post("/{provider:str}", operation_id="socialLogin", status_code=HTTP_200_OK)
    async def log_in(
        self, request: Request[Any, Any, Any], provider: FromPath[str], data: JSONBody[SocialAnswer]
    ) -> Envelope[SignedIn]:
        """Sign in with what the other service gave. The first time, an account is made, or the one that has proven the same address is joined.

        Refuses with `social_login_failed`, `link_invalid`, `provider_unavailable`, or as a login does.
        """
        accept = request.headers.get("accept-language", "")
        return ok(await social.sign_in(provider, data, client_of(request), accept), "Login successful")

    @post("/{provider:str}/link/start", operation_id="startSocialLink", status_code=HTTP_200_OK)
    async def start_link(
        self, provider: FromPath[str], viewer: NamedDependency[Viewer], data: JSONBody[SocialStart]
    ) -> Envelope[SocialStarted]:
        """Begin to let an account elsewhere open one's own."""
        return ok(await social.start(provider, data.redirect_uri, viewer.id))

    @post("/{provider:str}/link", operation_id="linkSocial", status_code=HTTP_200_OK)
    async def link(
        self, provider: FromPath[str], viewer: NamedDependency[Viewer], data: JSONBody[SocialAnswer]
    ) -> Envelope[list[SocialLinkOut]]:
        """Let the account elsewhere open one's own from now on. Refuses with `identity_taken`."""
        await social.join(provider, data, viewer.id)
        return ok(await social.joined(viewer.id))

    @delete("/{provider:str}/link", operation_id="unlinkSocial")
    async def unlink(self, provider: FromPath[str], viewer: NamedDependency[Viewer]) -> None:
        """Let it open one's own no longer. Refuses with `last_way_in` when nothing else would."""
        await social.part(provider, viewer.id)
