"""What can be a favourite: each kind of thing, said by the domain that has it.

    favorites.target("auction", "SELECT a.title, '/auctions/' || a.id AS path FROM auctions a WHERE a.id = {id} AND ...")

The statement finds the thing if others may see it, and nothing otherwise: what nobody may see cannot be kept.
"""

from typing import Final

_TARGETS: Final[dict[str, str]] = {}


def target(name: str, statement: str) -> None:
    """Register a kind. `statement` selects `title` and `path` of the thing whose id stands where `{id}` is."""
    if _TARGETS.get(name, statement) != statement:
        raise ValueError(f"{name!r} is registered twice")
    _TARGETS[name] = statement


def kinds() -> list[str]:
    return sorted(_TARGETS)


def card(name: str, id_sql: str) -> str:
    """An SQL expression: the card of the thing as JSON, NULL if it is gone. Raises KeyError for an unknown kind."""
    return f"(SELECT row_to_json(card) FROM ({_TARGETS[name].replace('{id}', id_sql)}) AS card)"


def any_card(kind_sql: str, id_sql: str) -> str:
    """The same for a kind that only the row knows."""
    cases = " ".join(f"WHEN '{name}' THEN {card(name, id_sql)}" for name in kinds())
    return f"CASE {kind_sql} {cases} END"


target(
    "user",
    "SELECT u.username AS title, '/users/' || u.id AS path FROM users u WHERE u.id = {id} AND u.status = 'active'",
)
