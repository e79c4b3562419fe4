"""What staff do, as use cases: each goes through the domain's own service and leaves its audit row in the same transaction."""

from typing import Any
from uuid import UUID

from msgspec import UNSET

from marketplace.accounts.errors import AddressProven
from marketplace.accounts.service import governance, identity_checks
from marketplace.accounts.states import AccountStatus, Role
from marketplace.admin.schemas import ChangeUser
from marketplace.auctions.policies import Actor
from marketplace.auctions.service import lifecycle, strikes
from marketplace.core import audit, db, platform
from marketplace.core.errors import Forbidden, ValidationFailed


async def change_user(actor_id: UUID, user_id: UUID, wanted: ChangeUser) -> None:
    """Role, status and verification in one go: all of them, or the refusal of the first that may not be."""
    async with db.transaction():
        if wanted.status is not UNSET:
            await _set_status(actor_id, user_id, wanted.status, wanted.reason)
        if wanted.is_verified is not UNSET:
            if not wanted.is_verified:
                raise ValidationFailed.of("is_verified", "An address that is proven stays so; ban the account instead.")
            try:
                async with db.savepoint():
                    await governance.verify_user(actor_id, user_id, wanted.reason)
            except AddressProven:
                pass  # it is as it was asked to be
        if wanted.role is not UNSET:
            await governance.change_role(actor_id, user_id, wanted.role, wanted.reason)


async def verify_user(actor_id: UUID, user_id: UUID, reason: str = "") -> None:
    """Vouch for an account: its address counts as proven, and identity documents that wait are approved.

    Raises AddressProven when there is nothing left to vouch for.
    """
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        waiting = await db.fetch_val(
            "SELECT EXISTS (SELECT FROM identity_checks WHERE \"user\" = $1 AND status = 'pending')", user_id
        )
        if waiting:
            await identity_checks.decide(actor_id, user_id, approved=True, reason=reason)
        try:
            async with db.savepoint():
                await governance.verify_user(actor_id, user_id, reason)
        except AddressProven:
            if not waiting:
                raise


async def decide_identity(actor_id: UUID, user_id: UUID, *, approved: bool, reason: str = "") -> None:
    """Approve or reject the identity documents an account has submitted; a rejection says why."""
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await identity_checks.decide(actor_id, user_id, approved=approved, reason=reason)


async def _set_status(actor_id: UUID, user_id: UUID, status: AccountStatus, reason: str) -> None:
    if status is AccountStatus.BANNED:
        await governance.ban_user(actor_id, user_id, reason)
    elif status is AccountStatus.ACTIVE:
        await governance.unban_user(actor_id, user_id, reason)
    else:
        raise ValidationFailed.of("status", "Only its owner can have an account erased.")


async def remove_auction(actor_id: UUID, auction_id: UUID, reason: str) -> None:
    """Take an auction down. Raises NotFound, IllegalTransition."""
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await lifecycle.remove(auction_id, Actor(actor_id, is_staff=True), reason)


async def end_auction(actor_id: UUID, auction_id: UUID, reason: str) -> None:
    """End a running auction before its time, selling to who leads. Raises NotFound, IllegalTransition."""
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await lifecycle.end_early(auction_id, Actor(actor_id, is_staff=True), reason)


async def lift_strike(actor_id: UUID, strike_id: UUID, reason: str) -> None:
    """Take back what somebody got for not paying. Raises StrikeNotFound, OwnInterest, Conflict."""
    async with db.transaction():
        await check_staff(actor_id, Role.MODERATOR)
        await strikes.lift(strike_id, Actor(actor_id, is_staff=True), reason)


async def change_settings(actor_id: UUID, changes: dict[str, Any], reason: str = "") -> None:
    """Raises UnknownSetting or ValidationFailed naming every wrong value, and then changes nothing."""
    async with db.transaction():
        await check_staff(actor_id, Role.ADMIN)
        for key, (before, after) in (await platform.change(changes, actor_id)).items():
            await audit.record(
                actor=actor_id, action="setting.changed", object_type="setting", object_id=key, reason=reason,
                before={"value": before}, after={"value": after},
            )  # fmt: skip


async def check_staff(actor_id: UUID, role: Role) -> None:
    """The role as it is now, locked: one taken away a moment ago no longer counts."""
    row = await db.fetch_row("SELECT role, status FROM users WHERE id = $1 FOR SHARE", actor_id)
    if row is None or row["status"] != AccountStatus.ACTIVE or not Role(row["role"]).includes(role):
        raise Forbidden
