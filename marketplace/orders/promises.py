"""Which orders came too late, as each way to sell that promises a date says. A seller's rate of being on time is read from it.

    promises.kept("gig", "(SELECT g.delivered_at <= g.due_at FROM gig_orders g WHERE g.\"order\" = o.id)")

Everything else of a seller's record (completed, cancelled by the seller, refunded) stands in the orders themselves.
"""

_kept: dict[str, str] = {}


def kept(order_kind: str, sql: str) -> None:
    """SQL over a completed or cancelled order `o`: whether what was promised came in time, NULL if nothing was promised.

    A paid order that was cancelled after it was late counts as one the seller failed, whoever cancelled it. What the statement
    reads must not change once the order is over. Raises ValueError where the kind says something else already.
    """
    if _kept.setdefault(order_kind, sql) != sql:
        raise ValueError(f"{order_kind!r} says when it is late twice")


def kept_sql() -> str:
    """Of an order `o` of any kind: true, false or NULL."""
    cases = " ".join(f"WHEN '{kind}' THEN {sql}" for kind, sql in sorted(_kept.items()))
    return f"(CASE o.kind {cases} END)::boolean" if cases else "NULL::boolean"
