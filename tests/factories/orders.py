"""Orders of a kind made for tests, goods that are sent, and payments of them without a provider."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.core import clock, db, invariants
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.queries import get_balance
from marketplace.ledger.states import AccountKind
from marketplace.orders import fulfilment
from marketplace.orders.fulfilment import CancelledBy, Draft, Line, LockedOrder, Step
from marketplace.orders.locking import lock_order
from marketplace.orders.parts import Part, parts_of
from marketplace.orders.queries.checkouts import checkout_of_order
from marketplace.orders.service import dividing
from marketplace.orders.service.dividing import Planned
from marketplace.orders.service.paying import PURPOSE, CheckoutPayable
from marketplace.orders.service.placing import Placed, place
from marketplace.orders.states import GOODS, PHASES_OF_GOODS, Goods
from marketplace.payments.service import paying
from tests.factories.accounts import a_user
from tests.factories.payments import fill_wallet


class TestGoods:
    """A way to sell that reserves nothing, and remembers what its orders were told. Its buyers may cancel until shipping."""

    __test__ = False
    kind = "test_goods"
    machine = GOODS
    statuses = Goods
    phases = PHASES_OF_GOODS
    first = Goods.PENDING
    paid = Goods.PROCESSING
    completed = Goods.DELIVERED
    cancelled = Goods.CANCELLED

    def __init__(self) -> None:
        self.told: list[tuple[str, UUID]] = []

    async def lock(self, *order_ids: UUID) -> None:
        """Nothing of its own: the order's row alone keeps two from changing it at once."""

    async def on_paid(self, order: LockedOrder) -> None:
        self.told.append(("paid", order.id))

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        self.told.append((f"cancelled by {by}", order.id))

    async def on_completed(self, order: LockedOrder) -> None:
        self.told.append(("completed", order.id))

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        return by is CancelledBy.STAFF or order.status != Goods.SHIPPED

    async def on_part_paid(self, order: LockedOrder, position: int) -> None:
        self.told.append((f"part {position} paid", order.id))


GOODS_KIND = TestGoods()


def register_goods(**steps: Step) -> None:
    fulfilment.register(GOODS_KIND, steps, on_part_paid=GOODS_KIND.on_part_paid)  # type: ignore[arg-type]


register_goods()


def a_line(minor: int = 10_000, **over: Any) -> Line:
    currency = over.pop("currency", "USD")
    money = {name: Money(over.pop(name), currency) for name in ("discount", "tax") if name in over}
    return Line(
        **({"subject": uuid7(), "title": "A brass clock", "total": Money(minor, currency)} | money | over)
    )  # fmt: skip


def a_draft(seller: UUID, *lines: Line, **over: Any) -> Draft:
    return Draft(**({"kind": TestGoods.kind, "seller": seller, "lines": lines or [a_line()]} | over))


async def an_order(
    minor: int = 10_000, *, buyer: UUID | None = None, seller: UUID | None = None, paid: bool | str = False, **line: Any
) -> UUID:
    """The id of an order of one line, and paid for if asked: by card, or as `paid` says."""
    buyer, seller = buyer or (await a_user()).id, seller or (await a_user()).id
    placed = await place(buyer, [a_draft(seller, a_line(minor, **line))], actor=buyer)
    if paid:
        await pay(placed.checkout_id, "sandbox" if paid is True else paid)
    return placed.orders[0].id


async def an_order_in_parts(*parts: int, paid: int = 0, provider: str = "sandbox", **over: Any) -> UUID:
    """The id of an order that is paid in these parts; the first `paid` of them have been."""
    order_id = await an_order(sum(parts) - over.get("tax", 0), **over)
    async with db.transaction():
        plan = [Planned(f"Part {n}", minor) for n, minor in enumerate(parts, 1)]
        await dividing.divide(await lock_order(order_id), plan)
    for n in range(paid):
        await pay_part(order_id, provider, then=n + 1 < paid)
    return order_id


async def pay_part(order_id: UUID, provider: str = "sandbox", *, then: bool = False) -> UUID:
    """Pay what is due of an order. `then` the next part is due. The payment's id."""
    payment_id = await pay(await checkout_of_order(order_id, (await read(order_id)).buyer), provider)
    if then:
        await have_next_due(order_id)
    return payment_id


async def have_next_due(order_id: UUID) -> Part | None:
    async with db.transaction():
        return await dividing.have_next_due(await lock_order(order_id))


async def parts(order_id: UUID) -> list[Part]:
    async with db.transaction():
        return await parts_of(await lock_order(order_id))


async def a_checkout(*sellers: UUID, buyer: UUID | None = None, minor: Sequence[int] = ()) -> Placed:
    buyer = buyer or (await a_user()).id
    amounts = list(minor) or [10_000] * len(sellers)
    return await place(buyer, [a_draft(seller, a_line(each)) for seller, each in zip(sellers, amounts, strict=True)])


async def pay(checkout_id: UUID, provider: str = "sandbox") -> UUID:
    """Pay what is due with a card of the sandbox, or from the wallet, which is filled for it. The payment's id."""
    buyer = await db.fetch_val("SELECT buyer FROM checkouts WHERE id = $1", checkout_id)
    if provider != "wallet":
        return await paying.start(buyer, PURPOSE, checkout_id, provider, method="pm_card_ok")
    async with db.transaction():
        due = await CheckoutPayable().lock(checkout_id)
    await fill_wallet(buyer, due.amount.minor, due.amount.currency)
    return await paying.pay_from_wallet(buyer, PURPOSE, checkout_id)


async def read(order_id: UUID) -> LockedOrder:
    async with db.transaction():
        return await lock_order(order_id)


async def statuses(order_id: UUID) -> list[str]:
    """Where it has been."""
    rows = await db.fetch('SELECT from_status, to_status FROM order_history WHERE "order" = $1 ORDER BY id', order_id)
    return [row["to_status"] for row in rows if row["from_status"] != row["to_status"]]


async def notes(order_id: UUID) -> list[str]:
    rows = await db.fetch('SELECT note FROM order_history WHERE "order" = $1 ORDER BY id', order_id)
    return [row["note"] for row in rows]


async def set_times(order_id: UUID, **ago: timedelta) -> None:
    """Move times of an order into the past, and its timers with them."""
    for column, delta in ago.items():
        await db.execute(f"UPDATE orders SET {column} = $2 WHERE id = $1", order_id, clock.now() - delta)
    await db.execute("UPDATE timers SET due_at = now() WHERE key LIKE $1", f"{order_id}%")


async def minor_in(kind: AccountKind, owner: UUID, currency: str = "USD") -> int:
    return (await get_balance(Account(kind, currency, owner))).balance.minor


async def minor_of(kind: AccountKind, currency: str = "USD", provider: str = "") -> int:
    return (await get_balance(Account(kind, currency, provider=provider))).balance.minor


async def hold_invariants() -> None:
    assert [breach async for breach in invariants.violations()] == []
