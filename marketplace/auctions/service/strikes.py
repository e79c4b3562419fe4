"""Strikes: who does not pay for what they won gets one, and with too many of them may not bid for a while."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.auctions.errors import StrikeNotFound
from marketplace.auctions.events import BiddingSuspended, StrikeLifted
from marketplace.auctions.policies import Actor, check_not_self, check_staff
from marketplace.auctions.rules import STRIKE_DAYS, STRIKES
from marketplace.auctions.tables import Strike
from marketplace.core import audit, clock, db, outbox
from marketplace.core.errors import Conflict, ValidationFailed
from marketplace.core.ids import uuid7


async def give(user_id: UUID, sale_id: UUID) -> None:
    """A strike for a sale that was not paid, once; they are told if that is one too many. Belongs inside `transaction()`."""
    await Strike(id=uuid7(), user=user_id, sale=sale_id, at=clock.now()).save()
    until = await suspended_until(user_id)
    if until is not None:
        await outbox.emit(BiddingSuspended(user_id=user_id, sale_id=sale_id, until=until))


async def suspended_until(user_id: UUID) -> datetime | None:
    """Until when this account may not bid; None if it may."""
    nth_strike = await db.fetch_val(
        'SELECT at FROM auction_strikes WHERE "user" = $1 AND lifted_at IS NULL ORDER BY at DESC OFFSET $2 - 1 LIMIT 1',
        user_id, await STRIKES.value(),
    )  # fmt: skip
    return end_of_suspension(nth_strike, await STRIKE_DAYS.value())


def end_of_suspension(nth_strike: datetime | None, days: int) -> datetime | None:
    """The oldest of too many strikes is forgotten then, which leaves one fewer; None if that has come, or never will."""
    until = None if nth_strike is None else nth_strike + timedelta(days=days)
    return until if until is not None and until > clock.now() else None


async def lift(strike_id: UUID, actor: Actor, reason: str) -> None:
    """Take a strike back, as staff. Raises Forbidden, StrikeNotFound, OwnInterest, ValidationFailed without a reason, Conflict."""
    check_staff(actor)
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        row = await db.fetch_row(
            'SELECT x."user", x.sale, x.lifted_at, s.seller FROM auction_strikes x JOIN sales s ON s.id = x.sale '
            "WHERE x.id = $1 FOR UPDATE OF x",
            strike_id,
        )
        if row is None:
            raise StrikeNotFound
        check_not_self(actor, row["user"], row["seller"])
        if row["lifted_at"] is not None:
            raise Conflict("That strike has been lifted already.")
        await db.execute(
            "UPDATE auction_strikes SET lifted_at = $2, lifted_by = $3, lift_reason = $4 WHERE id = $1",
            strike_id, clock.now(), actor.id, reason,
        )  # fmt: skip
        await outbox.emit(
            StrikeLifted(user_id=row["user"], sale_id=row["sale"], until=await suspended_until(row["user"]))
        )
        await audit.record(
            actor=actor.id, action="strike.lifted", object_type="strike", object_id=strike_id, reason=reason,
            before={"user": str(row["user"]), "sale": str(row["sale"])},
        )  # fmt: skip
