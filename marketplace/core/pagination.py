"""Running a list query: one statement gives the count and the rows, and Postgres writes the rows' JSON.

    async def list_gigs(listing: ListQuery[GigFilters]) -> Envelope[Page[GigOut]]:
        wanted = listing.filters
        rows = (
            listing.rows("gigs g JOIN users u ON u.id = g.seller")
            .columns("g.id, g.title, money_text(g.price_minor, g.currency) AS price, u.username AS seller")
            .where("g.status = 'active'")
            .when("g.category = {}", wanted.category)
        )
        return await rows.page(GigOut)

The column names are the fields of the answer's Struct; tests decode every such answer as that Struct. `rows.built(f)`
makes the answers in Python instead, from records, where SQL cannot say it.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast
from urllib.parse import urlencode

import asyncpg
import msgspec
from msgspec import UNSET, Struct

from marketplace.core import cursors, db
from marketplace.core.cursors import Cursor
from marketplace.core.envelope import Envelope, Meta, Page

if TYPE_CHECKING:
    from marketplace.core.filters import Listing

F = TypeVar("F")
T = TypeVar("T")

DEFAULT_SIZE: Final = 20
MAX_SIZE: Final = 100
MAX_PAGE: Final = 1_000_000
COUNT_CAP: Final = 1_000
"""`count` is exact up to this many rows; a longer list says this number and `meta.count_capped`."""
LONG_SECONDS: Final = 30.0
"""A list that was longer is taken to be longer for so long: counting a thousand rows costs more than reading twenty."""
MOST_LONG: Final = 4096

checked = False
"""Tests set it: every answer whose JSON Postgres wrote is then decoded as the Struct it claims to be."""


class Order(Struct, frozen=True):
    """A sort key: an SQL expression that is never NULL, and its SQL type."""

    sql: str
    type: str


class Sort(Struct, frozen=True):
    name: str
    order: Order
    descending: bool

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


class ListQuery(Struct, Generic[F], frozen=True, kw_only=True):
    """A parsed list request. `after` is inclusive, `until` exclusive; `cursor` None means numbered pages."""

    listing: Any
    filters: F
    sorts: tuple[Sort, ...]
    page: int
    size: int
    cursor: Cursor | None
    context: str
    search: str | None
    after: datetime | None
    until: datetime | None
    applied: dict[str, Any]
    url: str
    pairs: list[tuple[str, str]]

    def rows(self, source: str, *values: Any) -> "Rows":
        """Begin the statement: what stands after FROM. `{}` takes the next value."""
        return Rows(self, source, values)

    def of(self, items: Sequence[T], count: int | None = None) -> Envelope[Page[T]]:
        """A numbered page of answers that are already made: all of them, or (with `count`) just this page's."""
        start = (self.page - 1) * self.size
        shown = list(items) if count is not None else list(items[start : start + self.size])
        total = len(items) if count is None else count
        return self.answer(shown, count=total, more=start + len(shown) < total)

    def answer(
        self,
        results: Any,
        *,
        count: int,
        more: bool,
        first: Sequence[str] = (),
        last: Sequence[str] = (),
    ) -> Envelope[Page[Any]]:
        """The envelope around results. `first` and `last` are the sort keys of the first and the last of them."""
        following = cursors.write(Cursor(tuple(last)), self.context) if more and last else None
        if self.cursor is None:
            after = self._link("page", str(self.page + 1)) if more else None
            before = self._link("page", str(self.page - 1)) if self.page > 1 else None
        else:
            going_back = self.cursor.backwards
            has_after, has_before = (True, more) if going_back else (more, bool(self.cursor.keys))
            following = cursors.write(Cursor(tuple(last)), self.context) if has_after and last else None
            after = self._link("cursor", following) if following else None
            preceding = cursors.write(Cursor(tuple(first), backwards=True), self.context)
            before = self._link("cursor", preceding) if has_before and first else None
        return Envelope(
            Page(count=min(count, COUNT_CAP), next=after, previous=before, results=results),
            meta=Meta(
                filters_applied=self.applied,
                next_cursor=following,
                count_capped=True if count > COUNT_CAP else UNSET,
            ),
        )

    def _link(self, name: str, value: str) -> str:
        return f"{self.url}?{urlencode([*self.pairs, (name, value)])}"


class Rows:
    """A list's statement in the making. Values never become part of the SQL text: `{}` marks where each one goes."""

    def __init__(self, query: ListQuery[Any], source: str, values: Sequence[Any] = ()) -> None:
        self._query = query
        self._values: list[Any] = []
        self._source = self._counted = self._bound(source, values)
        self._columns = "*"
        self._where: list[str] = []
        listing: Listing[Any] = query.listing
        if isinstance(listing.search, Sequence) and query.search:
            for word in query.search.split():
                found = " OR ".join(f"{column} ILIKE {{0}}" for column in listing.search)
                self._values.append(like(word))
                self._where.append(f"({found.replace('{0}', f'${len(self._values)}')})")
        if listing.date:
            self.when(f"{listing.date} >= {{}}", query.after).when(f"{listing.date} < {{}}", query.until)

    def counted(self, source: str) -> "Rows":
        """Count in another source that has the same rows: one with left joins, which the planner can leave out."""
        self._counted = source
        return self

    def columns(self, sql: str, *values: Any) -> "Rows":
        """What a row shows, in the answer's field names."""
        self._columns = self._bound(sql, values)
        return self

    def where(self, sql: str, *values: Any) -> "Rows":
        """A condition that always holds."""
        self._where.append(f"({self._bound(sql, values)})")
        return self

    def when(self, sql: str, *values: Any) -> "Rows":
        """A condition that holds if it was asked for: without effect when a value is None."""
        return self if None in values else self.where(sql, *values)

    def _bound(self, sql: str, values: Sequence[Any]) -> str:
        parts = sql.split("{}")
        if len(parts) != len(values) + 1:
            raise ValueError(f"{len(parts) - 1} places for {len(values)} values in: {sql}")
        text = parts[0]
        for value, part in zip(values, parts[1:], strict=True):
            self._values.append(value)
            text += f"${len(self._values)}{part}"
        return text

    async def page(self, _: type[T]) -> Envelope[Page[T]]:
        """The page, its rows' JSON written by Postgres."""
        shown = f"(SELECT row_to_json(shown)::text FROM (SELECT {self._columns}) AS shown) AS shown"
        answer, records = await self._run(shown)
        body = b"[" + ",".join([record["shown"] for record in records]).encode() + b"]"
        if checked:
            msgspec.json.decode(body, type=list[_], strict=True)  # type: ignore[valid-type]
        return cast("Envelope[Page[T]]", answer(msgspec.Raw(body)))

    async def built(self, build: Callable[[asyncpg.Record], T]) -> Envelope[Page[T]]:
        """The page, each record made an answer by `build`."""
        answer, records = await self._run(self._columns)
        return cast("Envelope[Page[T]]", answer([build(record) for record in records]))

    async def over_all(self, statement: str) -> Any:
        """The one value of a statement over all the rows, whatever the page. It goes on after `WITH found AS (...)`."""
        where = " AND ".join(self._where) or "true"
        found = f"SELECT {self._columns} FROM {self._source} WHERE {where}"
        return await db.fetch_val(f"WITH found AS MATERIALIZED ({found}) {statement}", *self._values)

    async def _run(self, shown: str) -> tuple[Callable[[Any], Envelope[Page[Any]]], list[asyncpg.Record]]:
        query = self._query
        keys, descending = self._keys()
        where = " AND ".join(self._where) or "true"
        # The count is taken before the cursor's condition and its values join the statement.
        count = (
            f"SELECT count(*) AS n FROM (SELECT FROM {self._counted} WHERE {where} LIMIT {COUNT_CAP + 1}) AS counted"
        )
        counted = (count, repr(self._values))
        if query.cursor is not None and query.cursor.keys:
            where += f" AND {self._beyond(keys, descending, query.cursor)}"
        ways = ["DESC" if down else "ASC" for down in descending]
        by = ", ".join(f"{key.sql} {way}" for key, way in zip(keys, ways, strict=True))
        kept = ", ".join(f"{key.sql} AS _key{i}" for i, key in enumerate(keys))
        texts = ", ".join(f"_page._key{i}::text AS _text{i}" for i in range(len(keys)))
        again = ", ".join(f"_page._key{i} {way}" for i, way in enumerate(ways))
        limit = f"ORDER BY {by} LIMIT {query.size + 1}"
        page = f"SELECT {shown}, true AS _real, {kept} FROM {self._source} WHERE {where} {limit}"
        skipped = (query.page - 1) * query.size if query.cursor is None else 0
        if skipped:
            # First which rows, then what they show: else that would be worked out for every row that is skipped.
            key, offset = query.listing.key.sql, self._bound("{}::bigint", [skipped])
            chosen = f"SELECT {key} FROM {self._source} WHERE {where} {limit} OFFSET {offset}"
            page = f"SELECT {shown}, true AS _real, {kept} FROM {self._source} WHERE {key} IN ({chosen})"
        if is_long := _is_long(counted):
            statement = f"SELECT _page.*, {texts} FROM _page ORDER BY {again}"
        else:
            statement = f"SELECT _count.n AS _n, _page.*, {texts} FROM ({count}) AS _count LEFT JOIN _page ON true ORDER BY {again}"
        records = await db.fetch(f"WITH _page AS ({page}) {statement}", *self._values)
        found = [record for record in records if record["_real"]]
        more = len(found) > query.size
        del found[query.size :]
        if not is_long:
            total = records[0]["_n"]
            if total > COUNT_CAP:
                _note_long(counted)
        elif query.cursor is None and found and not more:  # it has become shorter meanwhile
            total = skipped + len(found)
        else:
            total = COUNT_CAP + 1
        if query.cursor is not None and query.cursor.backwards:
            found.reverse()
        ends = [tuple(found[at][f"_text{i}"] for i in range(len(keys))) for at in (0, -1)] if found else [(), ()]

        def answer(results: Any) -> Envelope[Page[Any]]:
            return query.answer(results, count=total, more=more, first=ends[0], last=ends[1])

        return answer, found

    def _keys(self) -> tuple[list[Order], list[bool]]:
        query = self._query
        keys = [sort.order for sort in query.sorts]
        descending = [sort.descending for sort in query.sorts]
        if query.listing.key not in keys:
            keys.append(query.listing.key)
            descending.append(descending[-1])
        if query.cursor is not None and query.cursor.backwards:
            descending = [not down for down in descending]
        return keys, descending

    def _beyond(self, keys: list[Order], descending: list[bool], cursor: Cursor) -> str:
        """The rows after the cursor's. One direction: a row comparison, which an index answers; else spelled out."""
        places = [
            self._bound(f"{{}}::text::{key.type}", [text]) for key, text in zip(keys, cursor.keys, strict=True)
        ]  # fmt: skip
        names = [key.sql for key in keys]
        if len(set(descending)) == 1:
            return f"({', '.join(names)}) {'<' if descending[0] else '>'} ({', '.join(places)})"
        options = []
        for i, down in enumerate(descending):
            equal = [f"{name} = {place}" for name, place in zip(names[:i], places[:i], strict=True)]
            options.append(" AND ".join([*equal, f"{names[i]} {'<' if down else '>'} {places[i]}"]))
        return f"({' OR '.join(f'({option})' for option in options)})"


_long: dict[tuple[str, str], float] = {}
"""What was counted, statement and values, and until when it is known to be long."""


def _is_long(counted: tuple[str, str]) -> bool:
    return _long.get(counted, 0.0) > time.monotonic()


def _note_long(counted: tuple[str, str]) -> None:
    if len(_long) >= MOST_LONG:
        _long.clear()
    _long[counted] = time.monotonic() + LONG_SECONDS


def like(word: str) -> str:
    """An ILIKE pattern that finds `word` anywhere, its own % and _ taken literally."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
