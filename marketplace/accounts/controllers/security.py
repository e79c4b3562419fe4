"""One's own account's locks: address, password, devices, second factor."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from marketplace.accounts.controllers.client import client_of
from marketplace.accounts.queries.identity import list_sessions
from marketplace.accounts.schemas.auth import SignedIn
from marketplace.accounts.schemas.security import (
    ChallengeBody,
    CodeBody,
    EmailBody,
    EmailChange,
    EnrolBody,
    Enrolment,
    PasswordChange,
    PasswordReset,
    RecoveryCodes,
    SecondFactorState,
    SessionOut,
    TokenBody,
    Verified,
)
from marketplace.accounts.service import login, password, second_factor, sessions, verification
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.errors import ValidationFailed


class VerificationController(Controller):
    path = "/auth/email"
    tags = ("Signing in",)

    @post("/verify", operation_id="verifyEmail", status_code=HTTP_200_OK)
    async def verify(self, data: JSONBody[TokenBody]) -> Envelope[Verified]:
        """Verify an address with the token of the mailed link. It is good once, for 24 hours. Refuses with `link_invalid`."""
        return ok(Verified(await verification.verify_email(data.token)), "Your address is verified.")

    @post("/change", operation_id="changeEmail", status_code=HTTP_202_ACCEPTED)
    async def change(
        self, request: Request[Any, Any, Any], viewer: NamedDependency[Viewer], data: JSONBody[EmailChange]
    ) -> Envelope[None]:
        """Move to another address. It counts once the link sent to it is opened (`/auth/email/verify`). Refuses with `wrong_password`."""
        await verification.ask_for_change(viewer.id, data.email, data.password, client_of(request))
        return ok(None, "A letter with a link is on its way to the new address.")

    @post("/resend", operation_id="resendVerification", status_code=HTTP_202_ACCEPTED)
    async def resend(self, viewer: NamedDependency[Viewer]) -> Envelope[None]:
        """Have the letter with the link sent again. Refuses with `already_verified`."""
        await verification.ask_for_verification(viewer.id)
        return ok(None, "A letter with a link is on its way.")


class PasswordController(Controller):
    path = "/auth/password"
    tags = ("Signing in",)

    @post(["/", "/change"], operation_id="changePassword", status_code=HTTP_200_OK)
    async def change(
        self, request: Request[Any, Any, Any], viewer: NamedDependency[Viewer], data: JSONBody[PasswordChange]
    ) -> Envelope[None]:
        """Change one's password. Every other device is signed out. Refuses with `wrong_password`."""
        old = data.old_password or data.current_password
        if not old:
            raise ValidationFailed.of("old_password", "This field is required.")
        await password.change_password(
            viewer.id, viewer.session_id, old=old, new=data.new_password,
            again=_first(data.password_confirm, data.new_password_confirm), client=client_of(request),
        )  # fmt: skip
        return ok(None, "Your password is changed. Other devices are signed out.")

    @post("/reset", operation_id="askForPasswordReset", status_code=HTTP_200_OK)
    async def ask(self, request: Request[Any, Any, Any], data: JSONBody[EmailBody]) -> Envelope[None]:
        """Have a link sent to set a new password. The answer is the same whether the address has an account or not."""
        await password.ask_for_reset(data.email, client_of(request))
        return ok(None, "If there is an account with this address, a letter with a link is on its way.")

    @post("/reset/confirm", operation_id="resetPassword", status_code=HTTP_200_OK)
    async def reset(self, data: JSONBody[PasswordReset]) -> Envelope[None]:
        """Set a new password with the token of the mailed link; it is good once, for an hour. Every device is signed out."""
        new = data.password or data.new_password
        if not new:
            raise ValidationFailed.of("password", "This field is required.")
        again = _first(data.password_confirm, data.new_password_confirm)
        await password.reset_password(data.token, new=new, again=again)
        return ok(None, "Your password is set. Sign in with it.")


class SessionController(Controller):
    path = "/auth/sessions"
    tags = ("Signing in",)

    @get(operation_id="listSessions")
    async def list(self, viewer: NamedDependency[Viewer]) -> Envelope[Page[SessionOut]]:
        """The devices that are signed in, the last used first."""
        found = await list_sessions(viewer.id, viewer.session_id)
        return ok(Page(count=len(found), next=None, previous=None, results=found))

    @delete("/{session_id:uuid}", operation_id="endSession")
    async def end(self, session_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Sign out one device."""
        await sessions.end_session(viewer.id, session_id)


class SecondFactorController(Controller):
    path = "/auth/2fa"
    tags = ("Signing in",)

    @get(operation_id="showSecondFactor")
    async def show(self, viewer: NamedDependency[Viewer]) -> Envelope[SecondFactorState]:
        """Whether the second factor is on."""
        return ok(await second_factor.second_factor_of(viewer.id))

    @post(["/", "/enrol"], operation_id="enrolSecondFactor", status_code=HTTP_200_OK)
    async def enrol(
        self, request: Request[Any, Any, Any], viewer: NamedDependency[Viewer], data: JSONBody[EnrolBody]
    ) -> Envelope[Enrolment]:
        """Begin: a secret for an authenticator app. It counts once a code of it is confirmed. Refuses with `second_factor_on`."""
        return ok(await second_factor.enrol(viewer.id, data.password, client_of(request)))

    @post("/confirm", operation_id="confirmSecondFactor", status_code=HTTP_200_OK)
    async def confirm(self, viewer: NamedDependency[Viewer], data: JSONBody[CodeBody]) -> Envelope[RecoveryCodes]:
        """Turn the second factor on with a code of the app. The recovery codes are shown this one time."""
        codes = await second_factor.confirm(viewer.id, data.code)
        return ok(RecoveryCodes(codes), "The second factor is on. Keep the recovery codes in a safe place.")

    @post("/recovery-codes", operation_id="renewRecoveryCodes", status_code=HTTP_200_OK)
    async def renew(self, viewer: NamedDependency[Viewer], data: JSONBody[CodeBody]) -> Envelope[RecoveryCodes]:
        """New recovery codes; the old ones are worthless from now on."""
        return ok(RecoveryCodes(await second_factor.renew_recovery_codes(viewer.id, data.code)))

    @post("/disable", operation_id="disableSecondFactor", status_code=HTTP_200_OK)
    async def disable(self, viewer: NamedDependency[Viewer], data: JSONBody[CodeBody]) -> Envelope[None]:
        """Turn the second factor off, with a code of the app or a recovery code."""
        await second_factor.disable(viewer.id, data.code)
        return ok(None, "The second factor is off.")

    @post("/login", operation_id="answerSecondFactor", status_code=HTTP_200_OK)
    async def log_in(self, request: Request[Any, Any, Any], data: JSONBody[ChallengeBody]) -> Envelope[SignedIn]:
        """Complete a login that answered `second_factor_required`. Refuses with `wrong_code` or `link_invalid`."""
        signed_in = await login.answer_challenge(data.challenge, data.code, client_of(request))
        return ok(signed_in, "Login successful")


def _first(*texts: str | None) -> str | None:
    return next((text for text in texts if text is not None), None)
