"""Who is asking. Read once a request, from the token and the live session, so that a ban or a new role counts at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from msgspec import Struct

from marketplace.accounts.errors import AccountBanned, SecondFactorMissing
from marketplace.accounts.figures import STANDING
from marketplace.accounts.states import AccountStatus, Role
from marketplace.accounts.tokens import TokenInvalid, read_access_token
from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.errors import Forbidden, NotSignedIn

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Viewer(Struct, frozen=True, kw_only=True):
    """`role` is what the account may act as here: staff who lack the second factor that is asked of them are users."""

    id: UUID
    session_id: UUID
    username: str
    role: Role
    language: str
    is_verified: bool
    lacks_second_factor: bool = False
    is_premium: bool = False

    @property
    def is_staff(self) -> bool:
        return self.role.includes(Role.MODERATOR)


VIEWER: Final = (
    "u.id, s.id AS session_id, u.username, u.role, u.status, u.language, u.email_verified_at IS NOT NULL AS is_verified, "
    "u.role <> 'user' AND NOT EXISTS "
    '(SELECT FROM second_factors f WHERE f."user" = u.id AND f.confirmed_at IS NOT NULL) AS is_staff_without'
)


def viewer_columns() -> str:
    """What `viewer_of` reads, of users `u` and sessions `s`."""
    return f"{VIEWER}, {STANDING.columns}"


async def load_viewer(token: str) -> Viewer:
    """The viewer of an access token. Raises TokenInvalid (ended session, unknown user) or AccountBanned."""
    user_id, session_id = read_access_token(token)
    row = await db.fetch_row(
        f"SELECT {viewer_columns()} FROM sessions s JOIN users u ON u.id = s.user WHERE s.id = $1 AND u.id = $2 AND s.ended_at IS NULL",
        session_id, user_id,
    )  # fmt: skip
    if row is None or row["status"] == AccountStatus.ERASED:
        raise TokenInvalid
    return viewer_of(row)


def viewer_of(row: Mapping[str, Any]) -> Viewer:
    """A row of users joined with sessions as a viewer. Raises AccountBanned."""
    if row["status"] == AccountStatus.BANNED:
        raise AccountBanned
    lacking = row["is_staff_without"] and settings().staff_need_second_factor
    return Viewer(
        id=row["id"], session_id=row["session_id"], username=row["username"],
        role=Role.USER if lacking else Role(row["role"]), language=row["language"], is_verified=row["is_verified"],
        lacks_second_factor=lacking, is_premium=row["is_premium"],
    )  # fmt: skip


class Authentication(AbstractAuthenticationMiddleware):
    """Reads `Authorization: Bearer ...`. No header is an anonymous visitor; a bad one is a 401, never an anonymous.

    Sockets tell who they are in `accounts.sockets`, where a refusal can be put into words.
    """

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        if connection.scope["type"] == ScopeType.WEBSOCKET:
            return AuthenticationResult(user=None, auth=None)
        header = connection.headers.get("authorization")
        if header is None:
            return AuthenticationResult(user=None, auth=None)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid("Send the token as `Authorization: Bearer <token>`.")
        return AuthenticationResult(user=await load_viewer(token.strip()), auth=None)


async def provide_viewer(request: Connection) -> Viewer:
    """Dependency `viewer`: the signed-in account, or 401."""
    if request.user is None:
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
    viewer: Viewer = request.user
    return viewer


async def provide_visitor(request: Connection) -> Viewer | None:
    """Dependency `visitor`: the signed-in account, or None for an anonymous one."""
    visitor: Viewer | None = request.user
    return visitor


async def account_first(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard of the whole API: who is not signed in hears that before anything about the rest of the request.

    Async like every guard here: a plain function would be handed to a thread, at every request.
    """
    if "viewer" in handler.parsed_fn_signature.parameters and connection.user is None:
        raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})


def requires(role: Role) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """A guard: the viewer's role must include `role`."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        if connection.user is None:
            raise NotSignedIn(headers={"WWW-Authenticate": "Bearer"})
        if not connection.user.role.includes(role):
            raise SecondFactorMissing if connection.user.lacks_second_factor else Forbidden

    return guard
