"""Access tokens: one algorithm, with issuer, audience, type and session checked (ASVS 5.0 V9). Refresh tokens: random, kept as hashes."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import jwt

from marketplace.core import clock
from marketplace.core.errors import NotSignedIn
from marketplace.core.ids import uuid7
from marketplace.core.seal import derived_key, derived_keys

ALGORITHM: Final = "HS256"
ISSUER: Final = "marketplace"
AUDIENCE: Final = "marketplace-api"
ACCESS_SECONDS: Final = 15 * 60
PURPOSE: Final = "access-token"


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
    return jwt.encode(claims, derived_key(PURPOSE), algorithm=ALGORITHM)


def read_access_token(token: str) -> tuple[UUID, UUID]:
    """(user id, session id). Raises TokenInvalid."""
    try:
        claims = _claims(token)
        if claims["typ"] != "access":
            raise TokenInvalid
        return UUID(claims["sub"]), UUID(claims["sid"])
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise TokenInvalid from None


def _claims(token: str) -> dict[str, Any]:
    """The claims under the current key, else under the one it replaced."""
    last: jwt.InvalidSignatureError | None = None
    for key in derived_keys(PURPOSE):
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": ["exp", "iat", "sub", "sid", "typ", "iss", "aud"]},
            )
        except jwt.InvalidSignatureError as error:
            last = error
    raise last or TokenInvalid


def new_secret() -> str:
    """256 random bits as URL-safe text: a refresh token, or the secret of a mailed link."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """What is stored of a random secret. A plain hash does: 256 bits cannot be guessed."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def successor(refresh: str) -> str:
    """The refresh token that follows this one: always the same, and worked out by nobody without the service's key."""
    raw = hmac.digest(derived_key("refresh-token"), refresh.encode("utf-8", "surrogatepass"), sha256)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
