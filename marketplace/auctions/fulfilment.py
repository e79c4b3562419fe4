"""Won lots among the ways to sell, and by what names they are paid for.

A win is sent or handed over as goods are. Its buyer has bid and may not cancel it; its seller may, paid or not.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.auctions.locks import lock_sales_of
from marketplace.auctions.queries.sales import wins_to_pay
from marketplace.auctions.service import sales
from marketplace.auctions.service.selling import KIND, order_of_sale
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import Machine
from marketplace.orders import fulfilment, ordering
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.queries.checkouts import checkout_of_order
from marketplace.orders.service import addressing
from marketplace.orders.service.paying import PURPOSE
from marketplace.orders.states import GOODS, PHASES_OF_GOODS, Goods, Phase
from marketplace.payments import payables
from marketplace.payments.payables import NothingDue, Payee


class AuctionWins:
    """The order decides what becomes of the sale; the sale says what that means for the lot."""

    kind = KIND
    machine: Machine[Any] = GOODS
    statuses: type[StrEnum] = Goods
    phases: Mapping[str, Phase] = PHASES_OF_GOODS
    first: str = Goods.PENDING
    paid: str = Goods.PROCESSING
    completed: str = Goods.DELIVERED
    cancelled: str = Goods.CANCELLED

    async def lock(self, *order_ids: UUID) -> None:
        await lock_sales_of(order_ids)

    async def on_paid(self, order: LockedOrder) -> None:
        await sales.paid(order.id)

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        if by is CancelledBy.EXPIRED:
            await sales.expired(order.id)
        else:
            await sales.cancelled(order.id, f"cancelled by {by}: {reason}")

    async def on_completed(self, order: LockedOrder) -> None:
        """A sale is over with its payment."""

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        return by is not CancelledBy.BUYER


class SeveralWins(ValidationFailed):
    """`details.orders`: the lots that were won and wait for payment, each with its order."""

    code = "lot_required"


async def order_of_win(
    viewer_id: UUID, auction_id: UUID | None = None, lot_id: UUID | None = None, field: str = "auction_id"
) -> UUID:
    """The viewer's order for what they won: the one that waits for payment, else the newest.

    Raises NothingDue for who has won nothing there, SeveralWins where more than one waits and no lot is named.
    """
    wins = await wins_to_pay(viewer_id, auction_id, lot_id)
    waiting = [win for win in wins if win.is_waiting]
    if len(waiting) > 1:
        told = "You have won several lots of this auction: say which by its lot_id, or its order by order_id."
        orders = [{"lot_id": str(win.lot_id), "order_id": str(await order_of_sale(win.sale_id))} for win in waiting]
        raise SeveralWins(told, fields={field: [told]}, orders=orders)
    for win in waiting or wins:
        order_id = await order_of_sale(win.sale_id)
        if order_id is not None:
            return order_id
    raise NothingDue


class OrderWin(Struct, kw_only=True, tag="auction", tag_field="kind", forbid_unknown_fields=True):
    """The order of a lot you have won is there already: this finds it and says where it is to be sent."""

    auction_id: UUID
    lot_id: Annotated[UUID, Meta(description="Not needed where you have won only one lot of the auction.")] | None = (
        None
    )
    shipping_address_id: UUID | None = None
    billing_address_id: UUID | None = None
    note: Annotated[str, Meta(max_length=2000)] | None = None


async def order_win(buyer: UUID, wanted: OrderWin) -> UUID:
    """Raises NothingDue, SeveralWins, and what refuses a change of the order: it has been paid, the address is not theirs."""
    order_id = await order_of_win(buyer, wanted.auction_id, wanted.lot_id)
    given = {
        name: value
        for name in ("shipping_address_id", "billing_address_id", "note")
        if (value := getattr(wanted, name)) is not None
    }
    if given:
        await addressing.update(order_id, buyer, addressing.Change(**given))
    return order_id


async def by_auction(viewer_id: UUID, auction_id: UUID) -> Payee:
    """What `{"auction_id": ...}` in a payment's body means."""
    return Payee(PURPOSE, await checkout_of_order(await order_of_win(viewer_id, auction_id), viewer_id))


fulfilment.register(AuctionWins())
payables.alias("auction_id", by_auction)
ordering.register(OrderWin, order_win)
