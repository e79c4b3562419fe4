"""Access tokens: one algorithm, with issuer, audience, type and session checked (ASVS 5.0 V9). Refresh tokens: random, kept as hashes."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import lru_cache
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
        user_id, session_id, expires_at = _verified(token, tuple(derived_keys(PURPOSE)))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise TokenInvalid from None
    if expires_at <= clock.now().timestamp():
        raise TokenInvalid
    return user_id, session_id


@lru_cache(maxsize=4096)
def _verified(token: str, keys: tuple[bytes, ...]) -> tuple[UUID, UUID, float]:
    """User, session and expiry of a token of ours. Kept: what a signature says does not change, and a client sends the same
    token for minutes. Refusals are not kept, and the expiry is looked at every time."""
    claims = _claims(token, keys)
    if claims["typ"] != "access":
        raise TokenInvalid
    return UUID(claims["sub"]), UUID(claims["sid"]), float(claims["exp"])


def _claims(token: str, keys: tuple[bytes, ...]) -> dict[str, Any]:
    """The claims under the current key, else under the one it replaced."""
    last: jwt.InvalidSignatureError | None = None
    for key in keys:
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
