"""Several deeds of staff in one request: all of them, or none."""

from uuid import UUID

from msgspec import UNSET

from marketplace.core import db
from marketplace.disputes.schemas.staff import ChangeDispute
from marketplace.disputes.service import deciding, talking


async def change(dispute_id: UUID, actor_id: UUID, wanted: ChangeDispute) -> None:
    """Raises what each of the deeds raises."""
    async with db.transaction():
        if wanted.take is True:
            await deciding.take(dispute_id, actor_id, over=wanted.take_over)
        elif wanted.take is False:
            await deciding.let_go(dispute_id, actor_id)
        if (ask := wanted.ask) is not UNSET:
            await talking.ask(dispute_id, actor_id, ask.side, ask.days, ask.message)
        if (decision := wanted.decision) is not UNSET:
            await deciding.resolve(dispute_id, actor_id, decision.buyer_amount, decision.seller_amount, decision.reason)
