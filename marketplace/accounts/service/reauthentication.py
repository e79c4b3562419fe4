"""The password once more, before what a stolen session must not be able to do."""

from uuid import UUID

from marketplace.accounts import passwords
from marketplace.accounts.errors import WrongPassword
from marketplace.accounts.queries.locks import LockedUser, lock_user
from marketplace.accounts.service import throttle
from marketplace.accounts.service.sessions import Client
from marketplace.core import db


async def check_own_password(user_id: UUID, password: str | None, client: Client) -> LockedUser:
    """The account, if this is its password or it has none. Raises WrongPassword or RateLimited."""
    async with db.transaction():
        user = await lock_user(user_id)
    if user.password_hash != passwords.UNUSABLE:
        await throttle.login(str(user_id), client)
        if not password or await passwords.match(password, [user.password_hash], user.email) is None:
            raise WrongPassword(fields={"password": [WrongPassword.default_message]})
        await throttle.logged_in(str(user_id), client)
    return user
