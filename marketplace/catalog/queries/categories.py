"""The tree of categories, read whole: it is small, and one statement gives it with its counts."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Record

from marketplace.catalog.errors import UnknownCategory
from marketplace.catalog.schemas import CategoryDetail, CategoryOut, CategoryRef
from marketplace.core import cache, db, i18n, storage
from marketplace.core.errors import NotFound
from marketplace.core.pagination import Sort

TAG: Final = "categories"
"""The tag of everything cached that shows categories."""
HOUR: Final = 3600

TREE: Final = """
SELECT c.id, c.parent, c.slug, c.name, c.name_zh, c.description, c.description_zh,
  (SELECT m.renditions -> -1 ->> 'key' FROM media m WHERE m.id = c.image AND m.state = 'ready' AND m.public) AS image,
  (SELECT json_object_agg(kind, n)::text FROM (
    SELECT kind, count(*) AS n FROM category_items i WHERE i.category = c.id GROUP BY kind) AS counted) AS counts
FROM categories c WHERE c.is_active ORDER BY c.position, lower(c.name), c.id
"""


async def get_tree(language: str) -> list[CategoryOut]:
    """The active categories from the top, in this language; what lies below a hidden one is hidden. Cached until changed."""

    async def make() -> bytes:
        return msgspec.json.encode(_grown(await db.fetch(TREE), language))

    found: list[CategoryOut] = await cache.get_or_make(
        ("categories", language), make, ttl=HOUR, tags=(TAG,), decode=msgspec.json.Decoder(list[CategoryOut]).decode
    )
    return found


def _grown(rows: list[Record], language: str) -> list[CategoryOut]:
    below: dict[UUID | None, list[Record]] = defaultdict(list)
    for row in rows:
        below[row["parent"]].append(row)

    def grow(row: Record) -> CategoryOut:
        children = [grow(child) for child in below[row["id"]]]
        counts = Counter(msgspec.json.decode(row["counts"] or "{}"))
        for child in children:
            counts.update(child.item_counts)
        return CategoryOut(
            id=row["id"], slug=row["slug"], parent=row["parent"], name=_said(row, "name", language),
            description=_said(row, "description", language), image=storage.url(row["image"]) if row["image"] else None,
            item_count=counts.total(), item_counts=dict(sorted(counts.items())), children=children,
        )  # fmt: skip

    return [grow(row) for row in below[None]]


def _said(row: Any, column: str, language: str) -> str:
    return str((row[f"{column}_zh"] if i18n.language_of(language) == "zh" else "") or row[column])


def ordered(level: list[CategoryOut], sorts: tuple[Sort, ...]) -> list[CategoryOut]:
    """The top of the tree in another order; `position` is the one staff gave it."""
    by: dict[str, Callable[[CategoryOut], Any]] = {
        "name": lambda one: one.name.casefold(), "item_count": lambda one: one.item_count,
    }  # fmt: skip
    for sort in reversed(sorts):
        if sort.name in by:
            level = sorted(level, key=by[sort.name], reverse=sort.descending)
        elif sort.descending:
            level = level[::-1]
    return level


async def get_category(wanted: str, language: str) -> CategoryDetail:
    """An active category by id or slug, with the way to it. Raises NotFound."""
    wanted = wanted.lower()
    way: list[CategoryOut] = []

    def search(level: list[CategoryOut]) -> CategoryOut | None:
        for one in level:
            if wanted in (one.slug, str(one.id)):
                return one
            way.append(one)
            if (found := search(one.children)) is not None:
                return found
            way.pop()
        return None

    found = search(await get_tree(language))
    if found is None:
        raise NotFound("There is no such category.")
    fields = {name: getattr(found, name) for name in CategoryOut.__struct_fields__}
    ancestors = [CategoryRef(id=one.id, name=one.name, slug=one.slug) for one in way]
    return CategoryDetail(ancestors=ancestors, **fields)


async def find_category(wanted: str | UUID, field: str = "category") -> UUID:
    """The id of an active category given by id or slug, for filing something under it. Raises UnknownCategory naming `field`.

    Not from the cache: a category that staff have just hidden takes nothing more.
    """
    found = await db.fetch_val(
        "WITH RECURSIVE way AS ("
        " SELECT id, parent, is_active, id AS wanted FROM categories WHERE slug = $1 OR id::text = $1"
        " UNION ALL SELECT c.id, c.parent, c.is_active, way.wanted FROM categories c JOIN way ON c.id = way.parent) "
        "SELECT min(wanted::text) FROM way HAVING bool_and(is_active)",
        str(wanted).lower(),
    )
    if found is None:
        message = "There is no such category. GET /categories/ lists them."
        raise UnknownCategory(message, fields={field: [message]})
    return UUID(found)


BELOW: Final = """(WITH RECURSIVE below AS (
  SELECT id FROM categories WHERE slug = {} OR id::text = {}
  UNION SELECT child.id FROM categories child JOIN below ON child.parent = below.id) SELECT id FROM below)"""
"""SQL for lists: the ids of a category (given twice, by id or slug) and of all below it."""
