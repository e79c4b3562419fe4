"""Social login: an attempt is started, a provider says who came back, and that identity opens, makes or joins an account.

An attempt's nonce and PKCE verifier are worked out from its state and our key, so nothing secret is stored. The client
gives the verifier back: whoever only has the redirect (code and state) of an attempt that somebody else began gets nowhere.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.accounts import passwords
from marketplace.accounts.contact import normal_email
from marketplace.accounts.errors import IdentityTaken, LastWayIn, LinkInvalid
from marketplace.accounts.events import SocialLinked, UserRegistered
from marketplace.accounts.queries.locks import lock_user
from marketplace.accounts.schemas.auth import SignedIn
from marketplace.accounts.schemas.social import SocialAnswer, SocialLinkOut, SocialStarted
from marketplace.accounts.service import links
from marketplace.accounts.service.login import finish
from marketplace.accounts.service.registration import made_up_username
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.social.base import Attempt, Identity, Provider, SocialLoginFailed
from marketplace.accounts.social.registry import get_provider
from marketplace.accounts.states import LinkPurpose
from marketplace.core import db, i18n, outbox
from marketplace.core.config import settings
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.seal import derived_key


async def start(provider_name: str, redirect_uri: str | None, user_id: UUID | None) -> SocialStarted:
    """Begin an attempt: to sign in, or, for a signed-in account, to join an identity to it. Raises UnknownProvider, ProviderAway, ValidationFailed."""
    provider = get_provider(provider_name)
    allowed = redirect_uris()
    chosen = redirect_uri or allowed[0]
    if chosen not in allowed:
        raise ValidationFailed.of("redirect_uri", f"Allowed: {', '.join(allowed)}.")
    state = await links.issue(
        LinkPurpose.SOCIAL_STATE, user_id=user_id, payload={"provider": provider.name, "redirect_uri": chosen}
    )
    attempt = _attempt(state, chosen)
    return SocialStarted(
        authorization_url=await provider.authorization_url(attempt),
        state=state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
        expires_in=int(links.LIFE[LinkPurpose.SOCIAL_STATE].total_seconds()),
    )


def redirect_uris() -> list[str]:
    """Where providers may send people back to."""
    ours = f"{settings().public_url.rstrip('/')}/social-login"
    return [uri.strip() for uri in settings().social_redirect_uris.split(",") if uri.strip()] or [ours]


async def sign_in(provider_name: str, answer: SocialAnswer, client: Client, accept_language: str = "") -> SignedIn:
    """Sign in whoever the provider names; the first time, with an account made for them or joined by a proven address.

    Raises UnknownProvider, LinkInvalid, SocialLoginFailed, ProviderAway, and what a login raises.
    """
    provider = get_provider(provider_name)
    identity = await _confirmed(provider, answer, None)
    async with db.transaction():
        user_id = await _account_of(provider, identity, i18n.negotiate(accept_language))
    return await finish(user_id, client)


async def join(provider_name: str, answer: SocialAnswer, user_id: UUID) -> None:
    """Let the identity open this account from now on. Raises what `sign_in` raises, and IdentityTaken."""
    provider = get_provider(provider_name)
    identity = await _confirmed(provider, answer, user_id)
    async with db.transaction():
        await lock_user(user_id)
        owner = await _join(user_id, provider, identity)
        if owner != user_id:
            raise IdentityTaken


async def part(provider_name: str, user_id: UUID) -> None:
    """The identities of this provider open the account no longer. Raises NotFound, or LastWayIn when nothing else would."""
    async with db.transaction():
        user = await lock_user(user_id)
        gone = await db.execute(
            'DELETE FROM social_identities WHERE "user" = $1 AND provider = $2', user_id, provider_name
        )  # fmt: skip
        if not gone:
            raise NotFound
        left = await db.fetch_val('SELECT count(*) FROM social_identities WHERE "user" = $1', user_id)
        if not left and user.password_hash == passwords.UNUSABLE:
            raise LastWayIn


async def joined(user_id: UUID) -> list[SocialLinkOut]:
    rows = await db.fetch(
        'SELECT provider, email, created_at, last_used_at FROM social_identities WHERE "user" = $1 ORDER BY created_at', user_id
    )  # fmt: skip
    return [SocialLinkOut(**row) for row in rows]


def _attempt(state: str, redirect_uri: str) -> Attempt:
    return Attempt(
        state=state, nonce=_bound("nonce", state), verifier=_bound("verifier", state), redirect_uri=redirect_uri
    )


def _bound(use: str, state: str) -> str:
    raw = hmac.digest(derived_key(f"social-{use}"), state.encode("utf-8", "surrogatepass"), sha256)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


async def _confirmed(provider: Provider, answer: SocialAnswer, user_id: UUID | None) -> Identity:
    """The identity the provider vouches for, in an attempt that was started by the same account, or by nobody."""
    if (answer.code is None) == (answer.id_token is None):
        raise ValidationFailed.of("code", "Send either `code` or `id_token`.")
    async with db.transaction():
        link = await links.use(answer.state, LinkPurpose.SOCIAL_STATE)
    attempt = _attempt(answer.state, link.payload["redirect_uri"])
    if link.payload["provider"] != provider.name or link.user_id != user_id:
        raise LinkInvalid.of("state", LinkInvalid.default_message)
    if answer.id_token is not None:
        return await provider.identity_by_id_token(answer.id_token, attempt)
    assert answer.code is not None
    given = (answer.code_verifier or "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, attempt.verifier.encode()):
        raise SocialLoginFailed
    return await provider.identity_by_code(answer.code, attempt)


async def _account_of(provider: Provider, identity: Identity, language: str) -> UUID:
    """The account this identity opens. Of many first logins at once, one makes the account: they queue at a lock of the identity."""
    key = f"{provider.name}:{identity.subject}"
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
    user_id: UUID | None = await db.fetch_val(
        'UPDATE social_identities SET last_used_at = now() WHERE provider = $1 AND subject = $2 RETURNING "user"',
        provider.name, identity.subject,
    )  # fmt: skip
    if user_id is not None:
        return user_id
    email = _email(identity)
    is_proof = bool(email) and identity.email_verified and provider.trusts_email
    owner = await _owner(email) if is_proof else None
    if owner is None:
        owner = await _make_account(email, is_proof, identity.name, language)
    await _join(owner, provider, identity)
    return owner


async def _owner(email: str) -> UUID | None:
    """The account that has proven this address. A mere claim is never joined: its maker may have been waiting for this."""
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM users WHERE email = $1 AND email_verified_at IS NOT NULL", email
    )  # fmt: skip
    return found


async def _make_account(email: str, is_proof: bool, name: str, language: str) -> UUID:
    first, _, last = " ".join(c for c in name.split() if c.isprintable()).partition(" ")
    user_id = uuid7()

    async def insert(proven: bool) -> None:
        await db.execute(
            "INSERT INTO users (id, email, username, password_hash, first_name, last_name, phone_number, language, role, "
            "status, ban_reason, email_verified_at, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, '', $7, 'user', 'active', '', CASE WHEN $8 THEN now() END, now(), now())",
            user_id, email, made_up_username(), passwords.UNUSABLE, first[:80], last[:80], language, proven,
        )  # fmt: skip

    try:
        async with db.savepoint():
            await insert(is_proof)
    except asyncpg.UniqueViolationError:
        await insert(False)  # somebody has proven the address this very moment
    await outbox.emit(UserRegistered(user_id))
    return user_id


async def _join(user_id: UUID, provider: Provider, identity: Identity) -> UUID:
    """Set down that the identity opens the account. Returns whose it is: this account's, or another's that was first."""
    added = await db.execute(
        'INSERT INTO social_identities (id, "user", provider, subject, email, created_at, last_used_at) '
        "VALUES ($1, $2, $3, $4, $5, now(), now()) ON CONFLICT (provider, subject) DO NOTHING",
        uuid7(), user_id, provider.name, identity.subject, _email(identity),
    )  # fmt: skip
    if added:
        await outbox.emit(SocialLinked(user_id, provider.name))
        return user_id
    row: Any = await db.fetch_row(
        'SELECT "user" AS owner FROM social_identities WHERE provider = $1 AND subject = $2',
        provider.name, identity.subject,
    )  # fmt: skip
    owner: UUID = row["owner"]
    return owner


def _email(identity: Identity) -> str:
    try:
        return normal_email(identity.email) if identity.email else ""
    except ValidationFailed:
        return ""
