"""The SQL that lists and single orders share: `o` is the order, `v` the viewer's id as a parameter."""

from typing import Final

PERSON: Final = "json_build_object('id', {0}.id, 'username', {0}.username)"

ESCROW: Final = """CASE
    WHEN o.captured_minor = 0 THEN 'none'
    WHEN o.captured_minor - o.released_minor - o.refunded_held_minor > 0 THEN CASE WHEN o.frozen_at IS NULL THEN 'held' ELSE 'frozen' END
    WHEN o.refunded_minor = o.captured_minor THEN 'refunded'
    WHEN o.refunded_minor = 0 THEN 'released'
    ELSE 'settled' END"""
"""`states.EscrowStatus` of an order. SETTLED: partly released, partly given back."""

HELD: Final = "o.captured_minor - o.released_minor - o.refunded_held_minor"
TITLE: Final = """(SELECT l.title FROM order_lines l WHERE l."order" = o.id ORDER BY l.position LIMIT 1)"""
PARTIES: Final = "orders o JOIN users b ON b.id = o.buyer JOIN users s ON s.id = o.seller"


def money(minor: str) -> str:
    return f"money_text({minor}, o.currency)"
