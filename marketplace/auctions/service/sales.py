"""What becomes of a sale: paid, unpaid, or cancelled. RULES: Auctions.

Its order decides, and says so in `paid`, `expired` and `cancelled`, under its lock and those of auction, lot and sale. Sales
from before wins were orders may have none; theirs is `expire_sale`, by a timer of their own.
"""

from uuid import UUID

from marketplace.auctions import history
from marketplace.auctions.errors import AlreadyPaid
from marketplace.auctions.events import SalePaid, SaleUnpaid
from marketplace.auctions.locks import LockedSale, LotRef, lock_lot, lock_sale, lock_sale_of
from marketplace.auctions.service import strikes
from marketplace.auctions.service.offers import offer_to_second, withdraw_offers
from marketplace.auctions.states import SaleKind, SaleStatus
from marketplace.core import db, outbox
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling


async def paid(order_id: UUID) -> None:
    """Its order has been paid."""
    sale = await lock_sale_of(order_id)
    await history.move_sale(sale.auction, sale.id, sale.status, SaleStatus.PAID, sale.buyer, "paid")
    await outbox.emit(
        SalePaid(sale_id=sale.id, auction_id=sale.auction, lot_id=sale.lot, buyer_id=sale.buyer, seller_id=sale.seller)
    )


async def expired(order_id: UUID) -> None:
    """Its order was not paid in time."""
    await _leave_unpaid(await lock_sale_of(order_id))


async def cancelled(order_id: UUID, reason: str) -> None:
    """Its order was cancelled, and what was paid is given back."""
    sale = await lock_sale_of(order_id)
    await history.move_sale(sale.auction, sale.id, sale.status, SaleStatus.CANCELLED, None, reason)


async def expire_sale(sale_id: UUID) -> None:
    """The time to pay for a sale that has no order has passed. Safe to repeat; where there is an order, that decides."""
    async with db.transaction():
        sale = await lock_sale(sale_id)
        if sale.status == SaleStatus.AWAITING_PAYMENT and sale.order is None:
            await _leave_unpaid(sale)


async def _leave_unpaid(sale: LockedSale) -> None:
    """Unpaid for good: a strike for the buyer, and an offer to the second bidder."""
    lot = await lock_lot(LotRef(lot_id=sale.lot))
    await history.move_sale(sale.auction, sale.id, sale.status, SaleStatus.UNPAID, None, "not paid in time")
    await outbox.emit(
        SaleUnpaid(
            sale_id=sale.id, auction_id=sale.auction, lot_id=sale.lot, buyer_id=sale.buyer, seller_id=sale.seller,
            title=lot.title,
        )
    )  # fmt: skip
    await strikes.give(sale.buyer, sale.id)
    if sale.kind == SaleKind.WIN:
        await offer_to_second(lot, sale.id, sale.buyer)


async def cancel_sales(auction_id: UUID, actor: UUID | None, reason: str) -> None:
    """What is owed for a locked auction's lots is no longer owed, and nothing of it is on offer. Raises AlreadyPaid."""
    sales = await db.fetch(
        'SELECT id, status, "order" FROM sales WHERE auction = $1 ORDER BY id FOR UPDATE', auction_id
    )
    if any(sale["status"] == SaleStatus.PAID for sale in sales):
        raise AlreadyPaid
    for sale in sales:
        if sale["status"] != SaleStatus.AWAITING_PAYMENT:
            continue
        if sale["order"] is not None:
            await cancelling.cancel(sale["order"], CancelledBy.KIND, actor, reason)
        else:
            before = SaleStatus(sale["status"])
            await history.move_sale(auction_id, sale["id"], before, SaleStatus.CANCELLED, actor, reason)
    await withdraw_offers(auction_id, actor, reason)
