"""The second factor of staff: the one their account has, whichever way they sign in."""

from html import escape
from typing import Any

from piccolo_api.mfa.provider import MFAProvider
from starlette.exceptions import HTTPException

from marketplace.accounts.errors import SecondFactorOff, SecondFactorOn, WrongCode
from marketplace.accounts.service import second_factor
from marketplace.core.errors import RateLimited, Unavailable

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Authenticator app</title>
<body style="font-family: system-ui; max-width: 34rem; margin: 3rem auto; line-height: 1.5">
<h1>Your authenticator app</h1>
<ol>
<li>Scan this with the app on your phone, or type the secret <code>{secret}</code>.<br><img alt="QR code" src="{qr}" width="240"></li>
<li>Go to the form <a href="/admin/#/forms/confirm-your-authenticator-app">Confirm your authenticator app</a>
and enter the code it shows. Only then is it on.</li>
</ol>
</body></html>"""


class AuthenticatorApp(MFAProvider):
    def __init__(self) -> None:
        super().__init__(name="Authenticator app")

    async def authenticate_user(self, user: Any, code: str) -> bool:
        """True for a code of the app or a recovery code; each is good once."""
        try:
            await second_factor.take_code(user.id, code)
        except (SecondFactorOff, WrongCode, RateLimited, Unavailable):
            return False
        return True

    async def is_user_enrolled(self, user: Any) -> bool:
        return bool(user.has_second_factor)

    async def send_code(self, user: Any) -> bool:
        """Nothing to send: the app makes the codes."""
        return False

    async def get_registration_html(self, user: Any) -> str:
        try:
            enrolment = await second_factor.begin(user.id, user.username)
        except SecondFactorOn as refusal:
            return f"<p>{escape(refusal.message)}</p>"
        return PAGE.format(secret=escape(enrolment.secret), qr=escape(enrolment.qr_code))

    async def get_registration_json(self, user: Any) -> dict[str, Any]:
        enrolment = await second_factor.begin(user.id, user.username)
        return {"secret": enrolment.secret, "otpauth_uri": enrolment.otpauth_uri, "qrcode_image": enrolment.qr_code}

    async def delete_registration(self, user: Any) -> None:
        """Refused: the panel asks for the password only, which is just what the second factor is there to outlive."""
        raise HTTPException(403, detail="Turn it off in your account, with a code: POST /api/v1/auth/2fa/disable.")
