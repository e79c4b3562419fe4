"""Which orders came too late, and how long sellers let buyers wait for an answer, as each way to sell that knows says.

    promises.kept("gig", "(SELECT g.delivered_at <= g.due_at FROM gig_orders g WHERE g.\"order\" = o.id)")
    promises.answered("gig", asked="o.paid_at", answered="(SELECT g.accepted_at FROM gig_orders g WHERE g.\"order\" = o.id)")

Everything else of a seller's record (completed, cancelled by the seller, refunded) stands in the orders themselves.
"""

_kept: dict[str, str] = {}
_answered: dict[str, tuple[str, str]] = {}


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


def answered(order_kind: str, *, asked: str, answered: str) -> None:
    """SQL over an order `o` that is over: when its seller was first asked to do something, and when they first did. NULL: never.

    Raises ValueError where the kind says something else already.
    """
    if _answered.setdefault(order_kind, (asked, answered)) != (asked, answered):
        raise ValueError(f"{order_kind!r} says when it is answered twice")


def asked_sql() -> str:
    """Of an order `o` of any kind: an instant or NULL."""
    return _when(0)


def answered_sql() -> str:
    """Likewise."""
    return _when(1)


def _when(which: int) -> str:
    cases = " ".join(f"WHEN '{kind}' THEN {said[which]}" for kind, said in sorted(_answered.items()))
    return f"(CASE o.kind {cases} END)::timestamptz" if cases else "NULL::timestamptz"
