"""Staff as Piccolo Admin wants to see them: a read-only view over the accounts that have a role."""

import re
import uuid
from typing import Any, Final

from piccolo.columns import UUID, Boolean, Varchar
from piccolo.columns.readable import Readable
from piccolo.table import Table
from starlette.exceptions import HTTPException
from starlette.requests import Request

from marketplace.accounts.errors import AccountBanned, WrongCredentials
from marketplace.accounts.service.login import try_password
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.states import Role
from marketplace.admin.gate import network
from marketplace.core.config import settings
from marketplace.core.errors import RateLimited, Unavailable

SET_UP_FIRST: Final = "Set up your authenticator app first: open your name's menu, then the MFA setup."


class Staff(Table, tablename="staff_accounts"):
    """The view `staff_accounts`. A ban or a lost role ends a staff session at its next request."""

    id = UUID(primary_key=True, default=None)
    username = Varchar(length=40)
    email = Varchar(length=320)
    role = Varchar(length=16, choices=Role)
    active = Boolean()
    admin = Boolean()
    superuser = Boolean()
    has_second_factor = Boolean()

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.username])

    @classmethod
    async def login(cls, username: str, password: str) -> uuid.UUID | None:
        """The id of the staff account with this name or address and password, else None."""
        try:
            user_id = await try_password(username, password, Client(network=network()))
        except (RateLimited, Unavailable, WrongCredentials, AccountBanned):
            return None
        found = await cls.select(cls.id).where(cls.id == user_id, cls.active.eq(True)).first()
        return user_id if found else None


def role_of(request: Request) -> Role:
    return Role(request.user.user.role)


def actor_id(request: Request) -> uuid.UUID:
    user_id: uuid.UUID = request.user.user.id
    return user_id


def second_factor_missing(request: Request) -> bool:
    """True for staff who must still set up their authenticator app before they may do or see anything."""
    return settings().staff_need_second_factor and not request.user.user.has_second_factor


def with_second_factor(piccolo_crud: Any, request: Request) -> None:
    if second_factor_missing(request):
        raise HTTPException(403, detail=SET_UP_FIRST)


def read_only(piccolo_crud: Any, request: Request) -> None:
    """A validator for tables that are only looked at."""
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(
            405, detail="This table is read-only. Use the forms in the sidebar: they keep the rules and the audit."
        )


def staff_with(role: Role) -> Any:
    """A validator: the table is seen by this role and above."""

    def check(piccolo_crud: Any, request: Request) -> None:
        if not role_of(request).includes(role):
            raise HTTPException(403, detail=f"This needs the role {role.value}.")

    return check


def searched_by(names: set[str], filters: set[str]) -> Any:
    """A validator: only columns of these names are shown and sorted by, only those of `filters` filtered by.

    A secret column is never shown, but one that could be filtered by would tell its value, question by question.
    """

    def check(piccolo_crud: Any, request: Request) -> None:
        for key, value in request.query_params.multi_items():
            if key not in PARAMETERS:
                asked, known = [key.removesuffix("__operator").removesuffix("__match")], filters
            elif key in ("__order", "__visible_fields"):
                asked, known = [one.lstrip("-") for one in value.split(",")], names
            else:
                asked, known = [], names
            if unknown := [name for name in asked if name not in known]:
                raise HTTPException(400, detail=f"{unknown[0]!r} cannot be searched by here.")
            if "\x00" in value or (key in COUNTED and not COUNTED[key].fullmatch(value)):
                raise HTTPException(400, detail=f"{key!r} has no such value.")

    return check


PARAMETERS: Final = frozenset({
    "__order", "__visible_fields", "__page", "__page_size", "__readable", "__cursor", "__previous", "search", "limit", "offset",
})  # fmt: skip
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
COUNTED: Final = {
    "__page": re.compile(r"[1-9][0-9]{0,8}"), "__page_size": re.compile(r"[1-9][0-9]{0,2}"), "limit": _NUMBER, "offset": _NUMBER,
}  # fmt: skip
