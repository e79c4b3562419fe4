"""The one function that writes the status of an order, and the one that writes the rest of what may change in it."""

from typing import Any
from uuid import UUID

from msgspec import structs

from marketplace.core import clock, db
from marketplace.core.states import IllegalTransition
from marketplace.orders import history
from marketplace.orders.fulfilment import LockedOrder, of_kind
from marketplace.orders.tables import Order

COLUMNS = frozenset(column._meta.name for column in Order._meta.columns) - {"id", "status", "phase", "updated_at"}
LOCKED = frozenset(LockedOrder.__struct_fields__)


def check(order: LockedOrder, to: str) -> None:
    """Raises IllegalTransition that names both states and what would have been legal."""
    kind = of_kind(order.kind)
    current = kind.statuses(order.status)
    allowed = sorted(status.value for status in kind.statuses if kind.machine.allows(current, status))
    if to not in allowed:
        raise IllegalTransition(f"{current} cannot become {to}.", current=current.value, target=to, allowed=allowed)


async def move(order: LockedOrder, to: str, actor: UUID | None, note: str, /, **columns: Any) -> LockedOrder:
    """Move a locked order to another status of its kind, and set columns with it. Raises IllegalTransition.

    Returns the order as it is then.
    """
    check(order, to)
    phase = of_kind(order.kind).phases[to]
    moved = await _write(order, {"status": str(to), "phase": phase}, columns)
    await history.moved(order.id, order.status, str(to), actor, note)
    return moved


async def change(order: LockedOrder, actor: UUID | None = None, note: str = "", /, **columns: Any) -> LockedOrder:
    """Set columns of a locked order; with a note, its history tells of it."""
    changed = await _write(order, {}, columns)
    if note:
        await history.noted(order.id, order.status, actor, note)
    return changed


async def _write(order: LockedOrder, status: dict[str, Any], columns: dict[str, Any]) -> LockedOrder:
    if unknown := columns.keys() - COLUMNS:
        raise ValueError(f"orders have no {', '.join(sorted(unknown))}")
    values = {**status, **columns}
    places = "".join(f", {name} = ${n}" for n, name in enumerate(values, 3))
    await db.execute(
        f"UPDATE orders SET updated_at = $2{places} WHERE id = $1",
        order.id, clock.now(), *values.values(),
    )  # fmt: skip
    return structs.replace(order, **{name: value for name, value in values.items() if name in LOCKED})
