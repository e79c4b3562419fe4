"""A lot that was won: a sale, and the order that it is paid and sent by. RULES: Auctions (the winner gets an order to pay)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.auctions import history
from marketplace.auctions.events import SaleMade
from marketplace.auctions.locks import LockedLot, LockedSale, lock_sale
from marketplace.auctions.rules import PAYMENT_HOURS
from marketplace.auctions.service import holds
from marketplace.auctions.states import SaleKind, SaleStatus
from marketplace.auctions.tables import Sale
from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.orders.fulfilment import Draft, Line
from marketplace.orders.service import addressing
from marketplace.orders.service.placing import place

KIND: Final = "auction"
"""The name of won lots among the ways to sell."""


async def make_sale(lot: LockedLot, buyer: UUID, amount_minor: int, kind: SaleKind) -> UUID:
    """Record that `buyer` owes this for a locked lot, and place the order for it; the sale's id.

    Money that is held for the lot pays the order at once, and what is left of it is free again: see `holds.consume`. The
    database refuses a second live sale of the lot.
    """
    sale_id, pay_by = uuid7(), clock.now() + timedelta(hours=await PAYMENT_HOURS.value())
    await Sale(
        id=sale_id, lot=lot.id, auction=lot.auction_id, buyer=buyer, seller=lot.seller, kind=kind,
        amount_minor=amount_minor, currency=lot.currency, pay_by=pay_by,
    ).save()  # fmt: skip
    await history.born(lot.auction_id, "sale", sale_id, SaleStatus.AWAITING_PAYMENT.value, None, kind.value)
    order = await _place(
        Won(
            sale_id=sale_id, lot_id=lot.id, buyer=buyer, seller=lot.seller, amount=Money(amount_minor, lot.currency),
            kind=kind, pay_by=pay_by,
        )
    )  # fmt: skip
    is_paid = lot.held_minor > 0 and await holds.consume(lot, order.checkout_id, amount_minor)
    await outbox.emit(
        SaleMade(
            sale_id=sale_id, kind=kind.value, auction_id=lot.auction_id, lot_id=lot.id, title=lot.title, buyer_id=buyer,
            seller_id=lot.seller, amount=amount_minor, currency=lot.currency, pay_by=pay_by, order_id=order.id,
            order_number=order.number, is_paid=is_paid,
        )
    )  # fmt: skip
    return sale_id


class Won(Struct, frozen=True, kw_only=True):
    """What an order is placed for."""

    sale_id: UUID
    lot_id: UUID
    buyer: UUID
    seller: UUID
    amount: Money
    kind: SaleKind
    pay_by: datetime


class WinOrder(Struct, frozen=True):
    id: UUID
    number: str
    checkout_id: UUID


async def _place(won: Won) -> WinOrder:
    """One order of one line, with the lot as it was won; given up unpaid when the time to pay has passed."""
    lot = await db.fetch_row(
        "SELECT l.id, l.auction, CASE WHEN l.title IN ('', a.title) THEN a.title ELSE a.title || ' – ' || l.title END AS title, "
        "a.category FROM lots l JOIN auctions a ON a.id = l.auction WHERE l.id = $1",
        won.lot_id,
    )
    assert lot is not None, "lots are never deleted"
    line = Line(
        subject=lot["id"], title=lot["title"], total=won.amount, category=lot["category"],
        snapshot={
            "auction_id": lot["auction"], "lot_id": lot["id"], "sale_id": won.sale_id, "title": lot["title"],
            "final_price": won.amount.text, "currency": won.amount.currency, "sold_as": won.kind.value,
        },
    )  # fmt: skip
    draft = Draft(
        kind=KIND, seller=won.seller, lines=[line], expires_at=won.pay_by,
        shipping_address=await addressing.usual(won.buyer),
    )  # fmt: skip
    placed = await place(won.buyer, [draft])
    [order] = placed.orders
    await db.execute('UPDATE sales SET "order" = $2 WHERE id = $1', won.sale_id, order.id)
    return WinOrder(order.id, order.number, placed.checkout_id)


async def order_of_sale(sale_id: UUID) -> UUID | None:
    """The order of a sale. One that waits for payment since before wins were orders gets its own now."""
    async with db.transaction():
        sale = await lock_sale(sale_id)
        if sale.order is not None or sale.status is not SaleStatus.AWAITING_PAYMENT:
            return sale.order
        return (await _place(_as_won(sale))).id


def _as_won(sale: LockedSale) -> Won:
    return Won(
        sale_id=sale.id, lot_id=sale.lot, buyer=sale.buyer, seller=sale.seller, amount=Money(sale.amount_minor, sale.currency),
        kind=sale.kind, pay_by=sale.pay_by,
    )  # fmt: skip
