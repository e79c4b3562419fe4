"""Any OpenID Connect provider: found by its issuer, authorization code with PKCE, id_token checked against its keys."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jwt

from marketplace.accounts.social.base import Attempt, Identity, ProviderAway, SocialLoginFailed, text_of
from marketplace.accounts.social.http import call

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures only: a key the whole world can read must never be taken for a shared secret (HS256), nor `none` for a signature."""
FRESH_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 30.0
"""How soon keys are fetched again because of a key id we do not know."""
LEEWAY_SECONDS: Final = 60


class OpenIdConnect:
    """One OpenID Connect provider. `issuer` is all there is to know of it."""

    def __init__(
        self, name: str, *, issuer: str, client_id: str, client_secret: str, scope: str, trust_email: bool
    ) -> None:
        self.name = name
        self.trusts_email = trust_email
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, jwt.PyJWKSet] | None = None

    async def authorization_url(self, attempt: Attempt) -> str:
        challenge = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": attempt.redirect_uri,
            "scope": self._scope, "state": attempt.state, "nonce": attempt.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = await self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    async def identity_by_code(self, code: str, attempt: Attempt) -> Identity:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier, "client_id": self._client_id,
        }  # fmt: skip
        auth = (self._client_id, self._client_secret) if self._client_secret else None
        answer = await call("POST", await self._endpoint("token_endpoint"), form=form, auth=auth)
        claims = await self._checked(text_of(answer, "id_token", 20_000), attempt)
        access = text_of(answer, "access_token", 20_000)
        if "email" not in claims and access and "userinfo_endpoint" in await self._discovered():
            claims = await self._with_userinfo(claims, access)
        return _identity(claims)

    async def identity_by_id_token(self, id_token: str, attempt: Attempt) -> Identity:
        return _identity(await self._checked(id_token, attempt))

    async def _with_userinfo(self, claims: dict[str, Any], access: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {access}"}
        told = await call("GET", await self._endpoint("userinfo_endpoint"), headers=headers)
        if told.get("sub") != claims["sub"]:
            raise SocialLoginFailed
        return told | claims

    async def _checked(self, id_token: str, attempt: Attempt) -> dict[str, Any]:
        """The claims of an id_token that is signed by the issuer, for us, fresh, and answers this attempt."""
        try:
            key = await self._key(jwt.get_unverified_header(id_token))
            claims: dict[str, Any] = jwt.decode(
                id_token, key.key, algorithms=[key.algorithm_name], issuer=self._issuer, audience=self._client_id,
                leeway=LEEWAY_SECONDS, options={"require": ["iss", "aud", "exp", "iat", "sub"]},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError):
            raise SocialLoginFailed from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise SocialLoginFailed
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), attempt.nonce.encode()):
            raise SocialLoginFailed
        return claims

    async def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        if header.get("alg") not in ALGORITHMS:
            raise SocialLoginFailed
        for at_most in (FRESH_SECONDS, AGAIN_SECONDS):
            for key in (await self._key_set(at_most)).keys:
                if key.key_id == header.get("kid") and key.algorithm_name == header["alg"]:
                    return key
        raise SocialLoginFailed

    async def _key_set(self, at_most_old: float) -> jwt.PyJWKSet:
        if self._keys is None or monotonic() - self._keys[0] > at_most_old:
            found = await call("GET", await self._endpoint("jwks_uri"))
            self._keys = (monotonic(), jwt.PyJWKSet.from_dict(found))
        return self._keys[1]

    async def _endpoint(self, name: str) -> str:
        address = text_of(await self._discovered(), name, 2000)
        if not address.startswith("https://") and urlsplit(address).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ProviderAway
        return address

    async def _discovered(self) -> dict[str, Any]:
        if self._document is None or monotonic() - self._document[0] > FRESH_SECONDS:
            found = await call("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise ProviderAway
            self._document = (monotonic(), found)
        return self._document[1]


def _identity(claims: dict[str, Any]) -> Identity:
    subject = text_of(claims, "sub")
    if not subject:
        raise SocialLoginFailed
    return Identity(
        subject=subject,
        email=text_of(claims, "email"),
        email_verified=claims.get("email_verified") is True,
        name=text_of(claims, "name"),
    )
