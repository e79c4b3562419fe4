"""The first staff, made from the command line: there is nobody yet who could give them their role."""

from uuid import UUID

from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.governance import change_role, verify_user
from marketplace.accounts.service.registration import register
from marketplace.accounts.service.sessions import Client, end_sessions
from marketplace.accounts.states import Role, SessionEnd
from marketplace.core import db


async def create_staff(wanted: Registration, role: Role) -> UUID:
    """An account with a proven address and a role, audited as the service's own deed. It is signed in nowhere.

    Raises what registration raises, and Conflict when another account has proven the address.
    """
    async with db.transaction():
        user_id = (await register(wanted, Client(user_agent="command line"))).user.id
        await end_sessions(user_id, SessionEnd.ENDED)
        await verify_user(None, user_id, "made from the command line")
        await change_role(None, user_id, role, "made from the command line")
    return user_id
