"""What a benchmark tells: one line of the table."""

from collections.abc import Callable, Iterable
from statistics import median

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """`ours` and `raw` in words; `met` None where there is no goal."""

    path: str
    ours: str
    raw: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None


HEAD = "| path | ours | raw limit | ratio | goal |\n|---|---|---|---|---|"


def line(row: Row) -> str:
    verdict = {True: f"{row.goal}: met", False: f"{row.goal}: **missed**", None: row.goal}[row.met]
    return f"| {row.path} | {row.ours} | {row.raw} | {row.ratio} | {verdict} |"


def middle(values: Iterable[float]) -> float:
    """The median: other work of the machine spoils some rounds, seldom most."""
    return median(values)


def of_each(rounds: Iterable[Struct], field: str) -> float:
    return middle(getattr(one, field) for one in rounds)


def ratio(ours: Iterable[Struct], raw: Iterable[Struct], of: Callable[[Struct, Struct], float]) -> float:
    """The median over the rounds of one round's ratio: both sides of a round ran one after the other."""
    return middle(of(a, b) for a, b in zip(ours, raw, strict=True))
