"""What a split would do to the books: it is done, looked at, and undone, so that it is what the act itself does."""

from typing import NoReturn
from uuid import UUID

from marketplace.core import db
from marketplace.core.money import to_minor
from marketplace.disputes.queries.locking import lock_dispute
from marketplace.disputes.service import settling
from marketplace.disputes.service.settling import Split
from marketplace.disputes.service.talking import check_impartial, check_open
from marketplace.ledger.queries import get_postings
from marketplace.ledger.schemas import Posting
from marketplace.orders.service import freezing


async def preview(dispute_id: UUID, actor_id: UUID, buyer_amount: str, seller_amount: str) -> list[Posting]:
    """The transfers of a split, none of which stay.

    Raises DisputeNotFound, OwnDispute, IllegalTransition when it is over, NothingHeld, SplitNotExact, OrderFrozen.
    """
    try:
        async with db.transaction():
            await _do_and_look(dispute_id, actor_id, buyer_amount, seller_amount)
    except _Seen as seen:
        return seen.postings


class _Seen(Exception):
    """Takes what was seen out of the transaction, and the transaction with it."""

    def __init__(self, postings: list[Posting]) -> None:
        self.postings = postings


async def _do_and_look(dispute_id: UUID, actor_id: UUID, buyer_amount: str, seller_amount: str) -> NoReturn:
    dispute = await lock_dispute(dispute_id)
    check_impartial(dispute, actor_id)
    check_open(dispute)
    order = dispute.order
    split = Split(
        to_minor(buyer_amount, order.currency, "buyer_amount"), to_minor(seller_amount, order.currency, "seller_amount")
    )
    settling.check_split(dispute, split)
    before = {posting.id for posting in await get_postings("order_id", order.id)}
    await freezing.resolve(order.id, split.buyer_minor, split.seller_minor, actor_id, "preview")
    raise _Seen([one for one in await get_postings("order_id", order.id) if one.id not in before])
