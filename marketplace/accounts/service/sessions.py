"""Sessions: opened by a login, kept alive by a chain of refresh tokens, ended for a reason."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.accounts import carried, tokens
from marketplace.accounts.errors import AccountBanned, RefreshInvalid
from marketplace.accounts.events import LoggedIn, RefreshTokenReused, SessionsEnded
from marketplace.accounts.queries.identity import get_account
from marketplace.accounts.schemas.auth import SignedIn
from marketplace.accounts.states import AccountStatus, SessionEnd
from marketplace.core import db, outbox, sockets
from marketplace.core.errors import NotFound, NotSignedIn
from marketplace.core.ids import uuid7

REFRESH_LIFE: Final = timedelta(days=7)
SESSION_LIFE: Final = timedelta(days=90)
GRACE: Final = timedelta(seconds=10)
"""How long a used refresh token still answers with its successor: two tabs, or a reply that got lost."""


class Client(Struct, frozen=True):
    """Where a request comes from, as far as it can be told. `network` is what limits count: the address, or an IPv6 /64."""

    address: str = ""
    user_agent: str = ""
    network: str = ""
    carried: Mapping[str, str] = {}
    """What goes over to the account when this signs in (`accounts.carried`)."""


async def open_session(user_id: UUID, client: Client) -> SignedIn:
    """A new session of an account that has shown who it is. Belongs inside `transaction()`. Raises AccountBanned.

    The status is read with the row locked, so that of a login and a ban at once no session is left over.
    """
    status = await db.fetch_val("SELECT status FROM users WHERE id = $1 FOR SHARE", user_id)
    if status == AccountStatus.BANNED:
        raise AccountBanned
    if status != AccountStatus.ACTIVE:
        raise NotSignedIn
    known = await db.fetch_row(
        "SELECT count(*) AS sessions, coalesce(bool_or(user_agent = $2), false) AS is_known FROM sessions WHERE \"user\" = $1",
        user_id, client.user_agent,
    )  # fmt: skip
    assert known is not None
    session_id = uuid7()
    await db.execute(
        'INSERT INTO sessions (id, "user", user_agent, address, created_at, last_seen_at, end_reason) '
        "VALUES ($1, $2, $3, $4, now(), now(), '')",
        session_id, user_id, client.user_agent, client.address,
    )  # fmt: skip
    refresh = tokens.new_secret()
    await _store_refresh(refresh, session_id)
    await outbox.emit(
        LoggedIn(
            user_id, session_id, client.address, client.user_agent, known["sessions"] > 0 and not known["is_known"]
        )
    )
    await carried.adopt(user_id, client.carried)
    return await _signed_in(user_id, session_id, refresh)


async def refresh_session(refresh: str, client: Client) -> SignedIn:
    """Exchange a refresh token for new tokens. Raises RefreshInvalid or AccountBanned.

    A used token gives the same successor for GRACE; after that its return means that somebody has a copy: the whole
    session ends and its owner is told.
    """
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT t.used_at, t.used_at < now() - $2::interval AS is_reuse, t.expires_at <= now() AS is_expired, "
            's.id AS session_id, s."user" AS user_id, s.ended_at, s.created_at <= now() - $3::interval AS is_too_old, u.status '
            'FROM refresh_tokens t JOIN sessions s ON s.id = t.session JOIN users u ON u.id = s."user" '
            "WHERE t.token_hash = $1 FOR UPDATE OF t",
            tokens.fingerprint(refresh), GRACE, SESSION_LIFE,
        )  # fmt: skip
        if row is None or row["ended_at"] is not None:
            raise RefreshInvalid
        if row["status"] == AccountStatus.BANNED:
            raise AccountBanned
        if row["status"] != AccountStatus.ACTIVE or row["is_expired"] or row["is_too_old"]:
            raise RefreshInvalid
        if not row["is_reuse"]:
            following = tokens.successor(refresh)
            if row["used_at"] is None:
                await _use_refresh(refresh, following, row["session_id"], client)
            return await _signed_in(row["user_id"], row["session_id"], following)
        await end_sessions(row["user_id"], SessionEnd.REUSE, only=[row["session_id"]])
        await outbox.emit(RefreshTokenReused(row["user_id"], row["session_id"], client.address))
    raise RefreshInvalid


async def _use_refresh(refresh: str, following: str, session_id: UUID, client: Client) -> None:
    await db.execute("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1", tokens.fingerprint(refresh))
    await _store_refresh(following, session_id)
    await db.execute(
        "UPDATE sessions SET last_seen_at = now(), address = $2 WHERE id = $1", session_id, client.address
    )  # fmt: skip


async def _store_refresh(refresh: str, session_id: UUID) -> None:
    await db.execute(
        "INSERT INTO refresh_tokens (token_hash, session, created_at, expires_at) VALUES ($1, $2, now(), now() + $3::interval)",
        tokens.fingerprint(refresh), session_id, REFRESH_LIFE,
    )  # fmt: skip


async def _signed_in(user_id: UUID, session_id: UUID, refresh: str) -> SignedIn:
    return SignedIn(
        user=await get_account(user_id),
        access=tokens.access_token(user_id, session_id),
        refresh=refresh,
        expires_in=tokens.ACCESS_SECONDS,
        refresh_expires_in=int(REFRESH_LIFE.total_seconds()),
    )


async def end_sessions(
    user_id: UUID, reason: SessionEnd, *, only: Sequence[UUID] | None = None, keep: UUID | None = None
) -> list[UUID]:
    """End the account's live sessions: all of them, or `only` these, less the one to `keep`. Returns what was ended."""
    async with db.transaction():
        rows = await db.fetch(
            'UPDATE sessions SET ended_at = now(), end_reason = $2 WHERE "user" = $1 AND ended_at IS NULL '
            "AND ($3::uuid[] IS NULL OR id = ANY($3)) AND ($4::uuid IS NULL OR id <> $4) RETURNING id",
            user_id, reason.value, only, keep,
        )  # fmt: skip
        ended = [row["id"] for row in rows]
        if ended:
            await outbox.emit(SessionsEnded(user_id, ended, reason.value, everywhere=only is None and keep is None))
            for session_id in ended:
                sockets.disconnect(user_id, session_id, reason=reason.value)
    return ended


async def end_session(user_id: UUID, session_id: UUID) -> None:
    """Sign out one device of the account. Raises NotFound, also when it has ended already."""
    if not await end_sessions(user_id, SessionEnd.ENDED, only=[session_id]):
        raise NotFound


async def log_out(signed_in: tuple[UUID, UUID] | None, refresh: str | None, *, everywhere: bool) -> None:
    """End the session of the access token (user id, session id) and that of the refresh token, or every one of the account.

    Either token is proof enough; with neither, NotSignedIn. A refresh token of another account than the access token's is ignored.
    """
    named = await _session_of_refresh(refresh) if refresh else None
    if signed_in is None and named is None:
        raise NotSignedIn
    user_id = (signed_in or named)[0]  # type: ignore[index]
    mine = [session_id for owner, session_id in filter(None, (signed_in, named)) if owner == user_id]
    if refresh and named and named[0] == user_id and not everywhere:
        mine = [named[1]]
    await end_sessions(user_id, SessionEnd.LOGGED_OUT, only=None if everywhere else mine)


async def _session_of_refresh(refresh: str) -> tuple[UUID, UUID] | None:
    """(user id, session id) of a refresh token, used or not."""
    row = await db.fetch_row(
        'SELECT s."user" AS user_id, s.id FROM refresh_tokens t JOIN sessions s ON s.id = t.session WHERE t.token_hash = $1',
        tokens.fingerprint(refresh),
    )
    return (row["user_id"], row["id"]) if row else None
