"""What holds for every list of the API, wherever it is declared: one statement, every ordering, every way to page."""

from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from marketplace.accounts.states import Role
from marketplace.app import create_app
from marketplace.core.filters import Listing
from marketplace.core.pagination import MAX_SIZE
from tests.factories import a_user, signed_in
from tests.factories.auctions import a_bid, an_auction
from tests.statements import statements

SESSION = "s.id AS session_id"
"""Who asks is read by one statement of its own."""


def lists() -> dict[str, Listing[Any]]:
    found = {}
    for route in create_app().routes:
        if isinstance(route, HTTPRoute) and not route.path_parameters:
            for handler in route.route_handlers:
                if "listing" in handler.opt and "GET" in handler.http_methods and handler.opt["listing"].paged:
                    found[route.path] = handler.opt["listing"]
    return dict(sorted(found.items()))


LISTS = lists()
OF_ONE_AUCTION = {"/api/v1/bids", "/api/v1/bid-history"}


class Asking:
    """An account that may see every list, with a little in some of them."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self.client, self.path = client, path

    async def begin(self) -> "Asking":
        user, self.headers = await signed_in(Role.ADMIN)
        for _ in range(3):
            auction_id, lot_id = await an_auction(user.id)
            for amount in ("5", "9"):
                await a_bid(lot_id, (await a_user()).id, amount)
        self.needed = {"auction_id": str(auction_id)} if self.path in OF_ONE_AUCTION else {}
        return self

    async def get(self, **params: Any) -> httpx.Response:
        return await self.client.get(self.path, params=self.needed | params, headers=self.headers)


@pytest.fixture
async def ask(client: httpx.AsyncClient, path: str) -> Asking:
    return await Asking(client, path).begin()


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_takes_one_statement(ask, path):
    for query in ({}, {"cursor": ""}, {"page": 2, "page_size": 1}):
        await ask.get(**query)  # what is learned once a process is learned now
        async with statements() as made:
            answer = await ask.get(**query)
        assert answer.status_code == 200, answer.text
        assert len([one for one in made if SESSION not in one]) == 1, made


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_is_ordered_by_everything_it_names(ask, path):
    for name in LISTS[path].ordering:
        for ordering in (name, f"-{name}"):
            first = await ask.get(ordering=ordering, page_size=1)
            assert first.status_code == 200, first.text
            cursor = first.json()["meta"]["next_cursor"]
            if cursor is not None:
                then = await ask.get(ordering=ordering, page_size=1, cursor=cursor)
                assert then.status_code == 200, then.text
                assert then.json()["data"]["results"] != first.json()["data"]["results"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_can_be_searched_and_dated_if_it_says_so(ask, path):
    listing = LISTS[path]
    given = {}
    if listing.search:
        given["search"] = "watch 100%"
    if listing.date:
        given["date_after"] = "2020-01-01"
    answer = await ask.get(**given)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["meta"]["filters_applied"]) - set(ask.needed) == set(given)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_names_what_it_knows(ask, path):
    answer = await ask.get(nonsense="1", ordering="nonsense")
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert set(errors) == {"nonsense", "ordering"}
    assert all(name in errors["nonsense"][0] for name in LISTS[path].known)
    assert all(name in errors["ordering"][0] for name in LISTS[path].ordering)
    too_many = await ask.get(page_size=MAX_SIZE + 1)
    assert list(too_many.json()["errors"]) == ["page_size"]
