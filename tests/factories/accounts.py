from itertools import count, islice
from typing import Any
from uuid import UUID

from marketplace.accounts.states import Role
from marketplace.accounts.tables import Session, User
from marketplace.accounts.tokens import access_token
from marketplace.core import clock
from marketplace.core.ids import uuid7

_n = count(1)


async def a_user(role: Role = Role.USER, **over: Any) -> User:
    """A verified account without a password."""
    n = next(_n)
    values: dict[str, Any] = {
        "id": uuid7(), "email": f"user{n}@example.com", "username": f"user{n}", "password_hash": "!",
        "role": role, "email_verified_at": clock.now(), "first_name": "User", "last_name": str(n),
    }  # fmt: skip
    user = User(**(values | over))
    await user.save()
    return user


async def bearer(user_id: UUID) -> dict[str, str]:
    """Headers of a new session of this user."""
    session = Session(id=uuid7(), user=user_id)
    await session.save()
    return {"authorization": f"Bearer {access_token(user_id, session.id)}"}


async def signed_in(role: Role = Role.USER, **over: Any) -> tuple[User, dict[str, str]]:
    user = await a_user(role, **over)
    return user, await bearer(user.id)


async def users(many: int) -> list[UUID]:
    """Ids of that many verified accounts, made in one statement."""
    made = [
        User(
            id=uuid7(), email=f"many{n}@example.com", username=f"many{n}", password_hash="!", email_verified_at=clock.now()
        )
        for n in islice(_n, many)
    ]  # fmt: skip
    await User.insert(*made)
    return [user.id for user in made]
