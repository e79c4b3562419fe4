"""How often one may try. RULES: Limits."""

from uuid import UUID

from marketplace.accounts.contact import named
from marketplace.accounts.service.sessions import Client
from marketplace.core import ratelimit
from marketplace.core.errors import RateLimited

ratelimit.define("verification", "5/h", closed=True)
ratelimit.define("second_factor", "5/15m", closed=True)
ratelimit.define("letters", "10/d")
ratelimit.define("data_export", "10/d")


def _pair(name: str, client: Client) -> str:
    """However the name is spelt: a domain alone can be written in any number of ways."""
    return f"{named(name)}|{client.network}"


async def login(name: str, client: Client) -> None:
    """Count a try at this account from this address. Raises RateLimited."""
    await ratelimit.hit("login", _pair(name, client))


async def logged_in(name: str, client: Client) -> None:
    """The password was right: tries before it no longer count."""
    await ratelimit.forget("login", _pair(name, client))


async def registration(client: Client) -> None:
    await ratelimit.hit("register", client.network)


async def password_reset(email: str, client: Client) -> None:
    await ratelimit.hit("password_reset", f"to:{email}", f"from:{client.network}")


async def verification_letter(user_id: UUID) -> None:
    await ratelimit.hit("verification", str(user_id))


async def may_write_to(email: str) -> bool:
    """Whether this address has not had too many letters that strangers can set off."""
    try:
        await ratelimit.hit("letters", email)
    except RateLimited:
        return False
    return True


async def code(user_id: UUID) -> None:
    """Count a try at an account's second factor."""
    await ratelimit.hit("second_factor", str(user_id))


async def code_was_right(user_id: UUID) -> None:
    await ratelimit.forget("second_factor", str(user_id))


async def data_export(user_id: UUID) -> None:
    """A copy of somebody's data costs a job and a file."""
    await ratelimit.hit("data_export", str(user_id))
