"""What staff do to accounts: ban, lift a ban, vouch for an address, give a role. Every deed leaves an audit row.

The actor's role is read under lock in the same transaction, so a role taken away a moment ago no longer counts.
`actor_id` None is the service itself: the command line, or an automatic rule.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import asyncpg

from marketplace.accounts.errors import AddressProven, OwnAccount
from marketplace.accounts.events import RoleChanged, UserBanned, UserUnbanned, UserVerified
from marketplace.accounts.policies import can_ban, can_change_role, can_vouch
from marketplace.accounts.queries.locks import LockedUser, lock_users
from marketplace.accounts.service.sessions import end_sessions
from marketplace.accounts.states import ACCOUNT, AccountStatus, Role, SessionEnd
from marketplace.core import audit, db, outbox
from marketplace.core.errors import Conflict, Forbidden, NotFound, ValidationFailed

MAX_REASON: Final = 1000


async def ban_user(actor_id: UUID | None, user_id: UUID, reason: str) -> None:
    """Shut an account out: tokens, sockets and logins end at once. Raises NotFound, Forbidden, OwnAccount or IllegalTransition."""
    reason = _reason(reason)
    async with db.transaction():
        user = await _target(actor_id, user_id, can_ban)
        await _set_status(user, AccountStatus.BANNED, reason)
        await end_sessions(user_id, SessionEnd.BANNED)
        await outbox.emit(UserBanned(user_id, actor_id, reason))
        await _audit(
            actor_id, "user.banned", user_id, {"status": user.status}, {"status": AccountStatus.BANNED}, reason
        )


async def unban_user(actor_id: UUID | None, user_id: UUID, reason: str = "") -> None:
    """Let a banned account in again. Its sessions stay ended. Raises NotFound, Forbidden, OwnAccount or IllegalTransition."""
    async with db.transaction():
        user = await _target(actor_id, user_id, can_ban)
        await _set_status(user, AccountStatus.ACTIVE, "")
        await outbox.emit(UserUnbanned(user_id, actor_id, reason))
        await _audit(
            actor_id, "user.unbanned", user_id, {"status": user.status}, {"status": AccountStatus.ACTIVE}, reason
        )


async def verify_user(actor_id: UUID | None, user_id: UUID, reason: str = "") -> None:
    """Vouch that the account's address is its own, as if the mailed link had been opened. Raises AddressProven or Conflict."""
    async with db.transaction():
        user = await _target(actor_id, user_id, can_vouch)
        if user.is_verified:
            raise AddressProven
        if not user.email:
            raise Conflict("This account has no address to verify.")
        try:
            async with db.savepoint():
                await db.execute(
                    "UPDATE users SET email_verified_at = now(), updated_at = now() WHERE id = $1", user_id
                )
        except asyncpg.UniqueViolationError:
            raise Conflict("Another account has proven this address.") from None
        await outbox.emit(UserVerified(user_id, actor_id))
        await _audit(actor_id, "user.verified", user_id, {"is_verified": False}, {"is_verified": True}, reason)


async def change_role(actor_id: UUID | None, user_id: UUID, role: Role, reason: str = "") -> None:
    """Give an account a role; it counts from its next request. Raises NotFound, Forbidden or OwnAccount. The same role again does nothing."""
    async with db.transaction():
        user = await _target(actor_id, user_id, lambda actor, _: can_change_role(actor))
        if user.role is role:
            return
        await db.execute("UPDATE users SET role = $2, updated_at = now() WHERE id = $1", user_id, role.value)
        await outbox.emit(RoleChanged(user_id, actor_id, user.role, role))
        await _audit(actor_id, "user.role_changed", user_id, {"role": user.role}, {"role": role}, reason)


async def _target(actor_id: UUID | None, user_id: UUID, may: Callable[[Role, Role], bool]) -> LockedUser:
    """The account to act on, locked together with the actor's, whose right is checked."""
    if actor_id == user_id:
        raise OwnAccount
    locked = await lock_users({user_id} if actor_id is None else {user_id, actor_id})
    actor = locked.get(actor_id) if actor_id else None
    if actor_id is not None and (actor is None or actor.status is not AccountStatus.ACTIVE):
        raise Forbidden
    if actor is not None and not actor.role.includes(Role.MODERATOR):
        raise Forbidden
    if user_id not in locked:
        raise NotFound
    if actor is not None and not may(actor.role, locked[user_id].role):
        raise Forbidden
    return locked[user_id]


async def _set_status(user: LockedUser, target: AccountStatus, reason: str) -> None:
    """The one place where staff move an account's status."""
    ACCOUNT.check(user.status, target)
    await db.execute(
        "UPDATE users SET status = $2, ban_reason = $3, updated_at = now() WHERE id = $1", user.id, target.value, reason
    )


async def _audit(
    actor_id: UUID | None, action: str, user_id: UUID, before: dict[str, object], after: dict[str, object], reason: str
) -> None:
    await audit.record(
        actor=actor_id, action=action, object_type="user", object_id=user_id, reason=reason, before=before, after=after
    )


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > MAX_REASON or "\x00" in reason:
        raise ValidationFailed.of("reason", f"Say why, in at most {MAX_REASON} characters.")
    return reason
