"""Access tokens: one algorithm, with issuer, audience, type and session checked. ASVS 5.0 V9."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import jwt

from marketplace.core import clock
from marketplace.core.config import settings
from marketplace.core.errors import NotSignedIn
from marketplace.core.ids import uuid7

ALGORITHM: Final = "HS256"
ISSUER: Final = "marketplace"
AUDIENCE: Final = "marketplace-api"
ACCESS_SECONDS: Final = 15 * 60


class TokenInvalid(NotSignedIn):
    code = "token_invalid"
    default_message = "The token is not valid or has expired. Refresh it, or sign in again."


def access_token(user_id: UUID, session_id: UUID) -> str:
    """A token for `ACCESS_SECONDS`. It names the session, so ending that ends the token."""
    now = clock.now()
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "typ": "access", "jti": str(uuid7()),
        "sub": str(user_id), "sid": str(session_id), "iat": now, "exp": now + timedelta(seconds=ACCESS_SECONDS),
    }  # fmt: skip
    return jwt.encode(claims, settings().secret_key, algorithm=ALGORITHM)


def read_access_token(token: str) -> tuple[UUID, UUID]:
    """(user id, session id). Raises TokenInvalid."""
    try:
        claims = jwt.decode(
            token,
            settings().secret_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["exp", "iat", "sub", "sid", "typ", "iss", "aud"]},
        )
        if claims["typ"] != "access":
            raise TokenInvalid
        return UUID(claims["sub"]), UUID(claims["sid"])
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise TokenInvalid from None
