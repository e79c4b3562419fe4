import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from piccolo.columns import ForeignKey, OnDelete
from piccolo_api.session_auth.tables import SessionsBase

from marketplace.accounts.tables import User


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class StaffSession(SessionsBase, tablename="staff_sessions"):
    """A sign-in to the back office. Only the token's digest is kept, so a copy of the table signs nobody in."""

    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False, index=True)

    @classmethod
    async def create_session(  # type: ignore[override]
        cls, user_id: uuid.UUID, expiry_date: datetime | None = None, max_expiry_date: datetime | None = None
    ) -> Self:
        token = secrets.token_urlsafe(32)
        session = cls(token=digest(token), user_id=user_id)
        if expiry_date:
            session.expiry_date = expiry_date
        if max_expiry_date:
            session.max_expiry_date = max_expiry_date
        await session.save()
        session.token = token  # what the cookie carries
        return session

    @classmethod
    async def get_user_id(cls, token: str, increase_expiry: timedelta | None = None) -> Any:
        return await super().get_user_id(digest(token), increase_expiry)

    @classmethod
    async def remove_session(cls, token: str) -> None:
        await super().remove_session(digest(token))
