"""Where money comes from that goes back to a buyer, or to their bank. RULES: Money, refund.

From the order's escrow; what has been released, from whoever it was released to: the tax from what is to be passed on, the
commission from the platform, the rest from the seller: what is pending of this very order, what they have, and else a debt.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move
from marketplace.ledger.service.locking import lock_available, one_row
from marketplace.ledger.states import AccountKind
from marketplace.orders import accounts
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.shares import between

PENDING: Final = """
SELECT t.order_id, sum(e.amount_minor)::bigint AS pending
FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id JOIN ledger_accounts a ON a.id = e.account
WHERE t.order_id = ANY($1::uuid[]) AND a.kind = $2 GROUP BY t.order_id
"""


async def pending_of(order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of each order is its seller's and has not cleared, in minor units. The orders are locked."""
    rows = await db.fetch(PENDING, list(order_ids), AccountKind.SELLER_PENDING)
    return dict.fromkeys(order_ids, 0) | {row["order_id"]: row["pending"] for row in rows}


class Taken(Struct, frozen=True):
    """What is taken for one order, and from where."""

    order: LockedOrder
    parts: Sequence[tuple[Account, int]]
    held: int
    """Of it from escrow, in minor units."""

    @property
    def minor(self) -> int:
        return sum(minor for _, minor in self.parts)

    @property
    def after(self) -> LockedOrder:
        """The order when it is counted as refunded."""
        return structs.replace(
            self.order, refunded_minor=self.order.refunded_minor + self.minor,
            refunded_held_minor=self.order.refunded_held_minor + self.held,
        )  # fmt: skip

    def moves(self, to: Account) -> list[Move]:
        return [Move(source, to, Money(minor, to.currency)) for source, minor in self.parts if minor]


class Purse:
    """Locked orders' money, its accounts locked too where it is to be seen how much is in them."""

    def __init__(
        self, to: dict[Account, Account], fee: Account, tax: Account, free: dict[Account, int], own: dict[UUID, int]
    ) -> None:
        self.to, self._fee, self._tax, self._free, self._own = to, fee, tax, free, own

    @classmethod
    async def open(cls, orders: Sequence[LockedOrder], *targets: Account, beyond_escrow: bool) -> "Purse":
        """For what goes to these accounts; `to` has the row of each. `beyond_escrow`: more will be taken than escrow has."""
        currency = orders[0].currency
        fee, tax = one_row(accounts.fee(currency)), one_row(accounts.tax(currency))
        if not beyond_escrow:
            return cls({target: target for target in targets}, fee, tax, {}, {})
        to = {target: one_row(target) for target in targets}
        sellers = {
            account for order in orders for account in (accounts.pending(order), accounts.available(order), accounts.debt(order))
        }  # fmt: skip
        escrows = {accounts.escrow(order) for order in orders}
        free = await lock_available([*{*to.values(), fee, tax, *sellers, *escrows}])
        return cls(to, fee, tax, free, await pending_of([order.id for order in orders]))

    def take(self, order: LockedOrder, minor: int, *, with_commission: bool) -> Taken:
        """`with_commission`: the platform gives its share back, too."""
        held = min(minor, order.held_minor)
        returned, rest = order.refunded_minor - order.refunded_held_minor, minor - held
        known = min(rest, order.released_minor - returned)
        back = between(
            returned, returned + known, total=order.total_minor, fee=order.commission_minor, tax=order.tax_minor
        )
        fee = back.fee if with_commission else 0
        parts = [(accounts.escrow(order), held), (self._tax, back.tax), (self._fee, fee)]
        parts += self._from_seller(order, rest - back.tax - fee)
        return Taken(order, parts, held)

    def take_from_seller(self, order: LockedOrder, minor: int) -> Taken:
        """What was refunded already, and is taken all the same."""
        return Taken(order, list(self._from_seller(order, minor)), 0)

    def _from_seller(self, order: LockedOrder, minor: int) -> Iterable[tuple[Account, int]]:
        pending, available = accounts.pending(order), accounts.available(order)
        uncleared = min(minor, self._own.get(order.id, 0))
        if uncleared:
            self._own[order.id] -= uncleared
        cleared = max(0, min(minor - uncleared, self._free.get(available, 0)))
        if cleared:
            self._free[available] -= cleared
        return [(pending, uncleared), (available, cleared), (accounts.debt(order), minor - uncleared - cleared)]
