import re
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from msgspec import Meta, Struct

from marketplace.core import db, money, pagination, problems
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import ValidationFailed
from marketplace.core.filters import Filters, Listing
from marketplace.core.listing import provide_listing
from marketplace.core.pagination import ListQuery, Order

pytestmark = pytest.mark.usefixtures("tables")


class Room(StrEnum):
    RED = "red"
    BLUE = "blue"


class SaidFilters(Filters):
    room: Room | None = None
    min_seq: Annotated[int, Meta(ge=0, description="Not before this number.")] | None = None
    seqs: list[int] | None = None
    loud: bool = False


class SaidOut(Struct, forbid_unknown_fields=True):
    id: int
    room: Room
    seq: int


SAID = Listing(
    "said", SaidFilters, key=Order("m.id", "bigint"), default="-seq",
    ordering={"seq": Order("m.seq", "bigint"), "room": Order("m.room", "text"), "at": Order("m.created_at", "timestamptz")},
    search=("m.room", "m.body"), date="m.created_at",
)  # fmt: skip


@get("/said", opt={"listing": SAID})
async def said(listing: NamedDependency[ListQuery[SaidFilters]]) -> Envelope[Page[SaidOut]]:
    wanted = listing.filters
    rows = (
        listing.rows("live_messages m")
        .columns("m.id, m.room, m.seq")
        .when("m.room = {}", wanted.room)
        .when("m.seq >= {}", wanted.min_seq)
        .when("m.seq = ANY({}::bigint[])", wanted.seqs)
    )
    if wanted.loud:
        rows.where("m.body = upper(m.body)")
    return await rows.page(SaidOut)


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "_long", {})


@pytest.fixture
async def http(tables: None) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([said], dependencies={"listing": Provide(provide_listing)}, exception_handlers=problems.HANDLERS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:  # type: ignore[arg-type]
        yield client


async def say(count: int, room: str = "red", body: str = "hello", at: str = "2026-11-20T10:00:00Z") -> None:
    await db.execute(
        "INSERT INTO live_messages (room, seq, body, created_at) "
        "SELECT $1::text, coalesce((SELECT max(seq) FROM live_messages WHERE room = $1::text), 0) + n, $3, $4::text::timestamptz "
        "FROM generate_series(1, $2::int) n",
        room, count, body, at,
    )  # fmt: skip


async def walk(http: httpx.AsyncClient, url: str, way: str = "next") -> list[list[tuple[str, int]]]:
    pages = []
    following: str | None = url
    while following:
        answer = await http.get(following)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        pages.append([(row["room"], row["seq"]) for row in data["results"]])
        following = data[way]
    return pages


async def test_a_list_says_its_count_and_whole_links(http):
    await say(45)
    answer = (await http.get("/said?page=2&room=red")).json()
    assert answer["success"] is True
    assert answer["data"]["count"] == 45
    assert [row["seq"] for row in answer["data"]["results"]] == list(range(25, 5, -1))
    assert answer["data"]["next"] == "http://shop.example/said?room=red&page=3"
    assert answer["data"]["previous"] == "http://shop.example/said?room=red&page=1"
    assert answer["meta"]["filters_applied"] == {"room": "red"}


async def test_an_empty_page_still_says_the_count(http):
    await say(3)
    data = (await http.get("/said?page=9")).json()["data"]
    assert (data["count"], data["results"], data["next"]) == (3, [], None)


async def test_numbered_pages_and_cursors_show_every_row_once(http):
    await say(23)
    numbered = await walk(http, "/said?page_size=5")
    by_cursor = await walk(http, "/said?page_size=5&cursor=")
    assert numbered == by_cursor
    assert [row for page in numbered for row in page] == [("red", n) for n in range(23, 0, -1)]


async def test_a_cursor_goes_back_the_way_it_came(http):
    await say(12)
    there = await walk(http, "/said?page_size=5&cursor=")
    last = (await http.get("/said?page_size=5&cursor=")).json()["data"]
    while last["next"]:
        last = (await http.get(last["next"])).json()["data"]
    back = [there[-1]] + await walk(http, last["previous"], "previous")
    assert back == list(reversed(there))


async def test_a_long_list_says_that_it_is_longer_than_counted(http):
    await say(pagination.COUNT_CAP + 3)
    for url in ("/said", "/said", "/said?page=2", "/said?cursor="):  # counted, then known
        answer = (await http.get(url)).json()
        assert answer["data"]["count"] == pagination.COUNT_CAP and answer["meta"]["count_capped"] is True
        assert len(answer["data"]["results"]) == 20 and answer["data"]["next"]
    counted = (await http.get("/said?min_seq=5")).json()
    assert counted["data"]["count"] == pagination.COUNT_CAP - 1 and "count_capped" not in counted["meta"]


async def test_a_list_that_was_long_and_is_not_any_more_says_so(http):
    await say(pagination.COUNT_CAP + 1)
    assert (await http.get("/said")).json()["meta"]["count_capped"] is True
    await db.execute("DELETE FROM live_messages WHERE seq > 30")
    last = (await http.get("/said?page=2")).json()
    assert last["data"]["count"] == 30 and "count_capped" not in last["meta"] and last["data"]["next"] is None


async def test_rows_that_arrive_meanwhile_do_not_shift_a_cursor(http):
    await say(10)
    first = (await http.get("/said?page_size=5")).json()
    await say(3)
    second = (await http.get("/said", params={"page_size": 5, "cursor": first["meta"]["next_cursor"]})).json()
    assert [row["seq"] for row in second["data"]["results"]] == [5, 4, 3, 2, 1]


async def test_several_orderings_in_different_directions(http):
    await say(4, "red")
    await say(4, "blue")
    pages = await walk(http, "/said?ordering=room,-seq&page_size=3&cursor=")
    assert [row for page in pages for row in page] == [(r, n) for r in ("blue", "red") for n in (4, 3, 2, 1)]


async def test_ties_are_settled_by_the_key(http):
    await say(7)
    pages = await walk(http, "/said?ordering=at&page_size=2&cursor=")
    assert [row for page in pages for row in page] == [("red", n) for n in range(1, 8)]


async def test_filters_are_typed_and_together(http):
    await say(5, "red", "HELLO")
    await say(5, "blue", "HELLO")
    await say(5, "red")
    answer = (await http.get("/said?room=red&loud=true&min_seq=2&seqs=2,3&seqs=4&ordering=seq")).json()
    assert [row["seq"] for row in answer["data"]["results"]] == [2, 3, 4]
    assert answer["meta"]["filters_applied"] == {"room": "red", "loud": True, "min_seq": 2, "seqs": [2, 3, 4]}


async def test_search_takes_its_own_wildcards_literally(http):
    await say(1, "red", "one 100% sure thing")
    await say(1, "red", "one 100 sure thing")
    assert (await http.get("/said", params={"search": "THING 100%"})).json()["data"]["count"] == 1
    assert (await http.get("/said", params={"search": "thing 100"})).json()["data"]["count"] == 2


async def test_a_day_is_inclusive_at_both_ends(http):
    for day in ("2026-11-18T23:59:59Z", "2026-11-19T00:00:00Z", "2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z"):
        await say(1, at=day)
    answer = (await http.get("/said?date_after=2026-11-19&date_before=2026-11-20&ordering=seq")).json()
    assert [row["seq"] for row in answer["data"]["results"]] == [2, 3]
    exact = (await http.get("/said?date_after=2026-11-21T01:00:00%2B01:00")).json()
    assert exact["data"]["count"] == 1


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        (
            "colour=red",
            "colour",
            "room, min_seq, seqs, loud, cursor, date_after, date_before, ordering, page, page_size, search",
        ),
        ("ordering=price", "ordering", "seq, -seq, room, -room, at, -at"),
        ("ordering=", "ordering", "Known"),
        ("page=0", "page", "1 to"),
        ("page=1&page=2", "page", "once"),
        ("page=99999999999999999999", "page", "1 to"),
        ("page_size=101", "page_size", "1 to 100"),
        ("page_size=ten", "page_size", "1 to 100"),
        ("room=green", "room", "green"),
        ("room=null", "room", "green|null|Leave"),
        ("min_seq=-1", "min_seq", ">= 0"),
        ("loud=perhaps", "loud", "bool"),
        ("search=a%00b", "search", "NUL"),
        ("room=%00", "room", "NUL"),
        ("date_after=yesterday", "date_after", "ISO 8601"),
        ("date_before=2026-13-40", "date_before", "ISO 8601"),
        ("date_after=0001-01-01T00:00:00%2B14:00", "date_after", "ISO 8601"),
        ("cursor=AAAA", "cursor", "cursor"),
        ("cursor=%F0%9F%98%80", "cursor", "cursor"),
    ],
)
async def test_what_is_wrong_is_named(http, query, field, told):
    answer = await http.get(f"/said?{query}")
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == "validation_error"
    assert list(body["errors"]) == [field]
    assert re.search(told, body["errors"][field][0])


async def test_the_last_day_of_time_is_no_error(http):
    assert (await http.get("/said?date_before=9999-12-31&date_after=0001-01-01")).status_code == 200


async def test_a_cursor_is_bound_to_its_ordering_and_cannot_be_forged(http):
    await say(10)
    cursor = (await http.get("/said?page_size=5")).json()["meta"]["next_cursor"]
    assert (await http.get("/said", params={"cursor": cursor})).status_code == 200
    assert (await http.get("/said", params={"cursor": cursor, "ordering": "seq"})).status_code == 400
    assert (await http.get("/said", params={"cursor": cursor[:-4] + "AAAA"})).status_code == 400


def test_parameters_are_described_exactly():
    described = {p["name"]: p for p in SAID.parameters()}
    assert list(described) == SAID.known
    assert described["room"]["schema"] == {"enum": ["blue", "red"], "type": "string"} or described["room"][
        "schema"
    ] == {"enum": ["blue", "red"]}
    assert described["min_seq"]["schema"] == {"type": "integer", "minimum": 0}
    assert described["min_seq"]["description"] == "Not before this number."
    assert described["loud"]["schema"] == {"type": "boolean", "default": False}
    assert described["page_size"]["schema"]["maximum"] == 100


async def test_deep_pages_by_cursor_read_no_more_rows_than_the_first(tables):
    await say(3000)
    await db.execute("ANALYZE live_messages")
    query: ListQuery[Any] = SAID.parse([("cursor", ""), ("ordering", "seq")])
    costs = []
    for _ in range(3):
        rows = query.rows("live_messages m").columns("m.id, m.room, m.seq")
        answer = await rows.page(SaidOut)
        costs.append(len(answer.data.results))
        query = SAID.parse([("cursor", answer.meta.next_cursor or ""), ("ordering", "seq")])  # type: ignore[union-attr]
    assert query.cursor is not None and query.cursor.keys[0] == "60"


def test_a_value_never_becomes_sql():
    query: ListQuery[Any] = SAID.parse([("search", "'; DROP TABLE users; --")])
    with pytest.raises(ValueError, match="places for"):
        query.rows("live_messages m").where("room = {}")


async def test_the_database_writes_amounts_as_python_does(tables):
    for currency in ("USD", "JPY", "KWD", "CLF", "EUR", "XXX"):
        for minor in (0, 1, 99, 100, 249999, -5, 10**15):
            assert await db.fetch_val("SELECT money_text($1, $2)", minor, currency) == money.to_text(minor, currency)


def test_all_wrong_parameters_are_told_at_once():
    with pytest.raises(ValidationFailed) as refused:
        SAID.parse([("page", "x"), ("colour", "red"), ("room", "green")])
    assert set(refused.value.fields) == {"page", "colour", "room"}
