"""What all forms share: who may submit them, how refusals are shown, and how staff name an account."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from uuid import UUID

from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin.staff import SET_UP_FIRST, role_of, second_factor_missing
from marketplace.core import db
from marketplace.core.errors import DomainError

Deed = Callable[[Request, Any], Coroutine[None, None, str]]


def as_staff(role: Role, *, before_second_factor: bool = False) -> Callable[[Deed], Deed]:
    """The deed for this role and above; what the service refuses is shown beside the form."""

    def wrap(deed: Deed) -> Deed:
        @wraps(deed)
        async def run(request: Request, data: Any) -> str:
            if second_factor_missing(request) and not before_second_factor:
                raise ValueError(SET_UP_FIRST)
            if not role_of(request).includes(role):
                raise ValueError(f"This needs the role {role.value}.")
            try:
                return await deed(request, data)
            except DomainError as refusal:
                fields = "; ".join(f"{name}: {' '.join(found)}" for name, found in refusal.fields.items())
                raise ValueError(f"{refusal.message} {fields}".strip()) from None

        return run

    return wrap


async def account(text: str) -> UUID:
    """The account that staff mean. A name or address that several share is refused."""
    text = text.strip()
    try:
        return UUID(text)
    except ValueError:
        rows = await db.fetch(
            "SELECT id FROM users WHERE (lower(username) = lower($1) OR email = lower($1)) AND status <> 'erased' "
            "ORDER BY email_verified_at IS NULL LIMIT 2",
            text,
        )
    if not rows:
        raise ValueError(f"There is no account {text!r}.")
    if len(rows) > 1:
        raise ValueError("Several accounts claim this address: use the username or the id.")
    found: UUID = rows[0]["id"]
    return found
