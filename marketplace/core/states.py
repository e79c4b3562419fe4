"""State machines as data: a table of legal moves, checked in one place."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from marketplace.core.errors import DomainError

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(DomainError):
    status_code = 409
    code = "illegal_transition"


class Machine(Generic[S]):
    """The legal moves between the states of one column."""

    def __init__(self, moves: Mapping[S, frozenset[S]]) -> None:
        self._moves = moves

    def check(self, current: S, target: S) -> S:
        """`target`, or IllegalTransition that names both states and what would have been legal."""
        if target not in self._moves[current]:
            raise IllegalTransition(
                f"{current} cannot become {target}.",
                current=current.value,
                target=target.value,
                allowed=sorted(state.value for state in self._moves[current]),
            )
        return target

    def moves(self) -> list[tuple[S, S]]:
        """Every legal move, from which state to which."""
        return [(current, target) for current, targets in self._moves.items() for target in sorted(targets)]

    def allows(self, current: S, target: S) -> bool:
        return target in self._moves[current]
