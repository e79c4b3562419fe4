"""A person's rights to a copy of their data and to be erased. Each domain says here what it holds and what must go.

    privacy.exporter("bids", privacy.rows('SELECT lot, maximum_minor FROM bids WHERE bidder = $1 ORDER BY id'))
    privacy.eraser("watchlist", privacy.changing('DELETE FROM auction_watches WHERE "user" = $1'))
    privacy.blocker("auctions", running_auctions)

Exporters read and change nothing. Erasers run in the one transaction of the erasure, with the account's row locked;
what must not be lost (money, bids) stays under the account's id, which names nobody any more. Blockers run there too.
What lies outside the database listens to `UserErased`.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db


class Obligation(Struct, frozen=True, kw_only=True):
    """Something that binds an account to others. `message` tells the person what to do; `path` is where."""

    kind: str
    message: str
    path: str = ""


Export: TypeAlias = Callable[[UUID], Awaitable[Any]]
"""What is held about a person, as JSON types."""
Files: TypeAlias = Callable[[UUID], Awaitable[list[tuple[str, str]]]]
"""(name in the copy, storage key) of each file."""
Erase: TypeAlias = Callable[[UUID], Awaitable[int]]
"""Removes, and says how many rows it changed."""
Block: TypeAlias = Callable[[UUID], Awaitable[list[Obligation]]]

EXPORTERS: Final[dict[str, Export]] = {}
FILES: Final[dict[str, Files]] = {}
ERASERS: Final[dict[str, Erase]] = {}
BLOCKERS: Final[dict[str, Block]] = {}


def exporter(name: str, export: Export) -> None:
    """`name` becomes a file of the copy: lower-case letters and underscores."""
    _add(EXPORTERS, name, export)


def files(name: str, listing: Files) -> None:
    _add(FILES, name, listing)


def eraser(name: str, erase: Erase) -> None:
    _add(ERASERS, name, erase)


def blocker(name: str, block: Block) -> None:
    _add(BLOCKERS, name, block)


def rows(statement: str) -> Export:
    """An exporter of a SELECT's rows; $1 is the person's id."""

    async def export(user_id: UUID) -> list[Any]:
        found = await db.fetch(f"SELECT row_to_json(x)::text AS x FROM ({statement}) AS x", user_id)
        return [msgspec.json.decode(row["x"]) for row in found]

    return export


def changing(*statements: str) -> Erase:
    """An eraser of DELETE or UPDATE statements; $1 is the person's id."""

    async def erase(user_id: UUID) -> int:
        changed = 0
        for statement in statements:
            changed += await db.execute(statement, user_id)
        return changed

    return erase


def _add(registry: dict[str, Any], name: str, deed: Any) -> None:
    if name in registry:
        raise ValueError(f"{name!r} is registered twice")
    registry[name] = deed
