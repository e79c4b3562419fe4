"""Every operation of the schema, with requests made from the schema: never an error of ours, never an answer it does not tell of.

New routes are included by being there. SCHEMA_EXAMPLES sets how many requests each gets (each way: right ones, wrong ones).
"""

import os
import warnings
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.accounts.states import Role
from marketplace.app import create_app
from marketplace.core.openapi import schema
from tests.factories import signed_in
from tests.factories.auctions import a_bid, an_auction

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "5"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LONG = {"POST /api/v1/auth/register", "POST /api/v1/users/register"}
"""A hash of a password each."""


def the_operations() -> dict[str, Any]:
    loaded = openapi.from_dict(schema(create_app()))
    return {operation.label: operation for operation in (result.ok() for result in loaded.get_all_operations())}


OPERATIONS = the_operations()


@pytest.fixture
async def http(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def a_world() -> tuple[list[dict[str, str]], dict[str, str]]:
    """(headers of an anonymous caller, an owner, staff; ids that exist, by the name a path gives them)."""
    owner, headers = await signed_in()
    _, staff = await signed_in(Role.ADMIN)
    other, _ = await signed_in()
    auction_id, lot_id = await an_auction(owner.id)
    bid = await a_bid(lot_id, other.id, "5")
    return [{}, headers, staff], {
        "user_id": str(other.id), "auction_id": str(auction_id), "lot_id": str(lot_id), "bid_id": str(getattr(bid, "bid_id", "")),
    }  # fmt: skip


def cases_of(operation: Any, mode: GenerationMode, many: int) -> list[Case]:
    """Requests for an operation, the same ones each time."""
    made: list[Case] = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=many, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def collect(case: Case) -> None:
        made.append(case)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            collect()
        except Exception as error:  # nothing about it can be wrong: no parameters, no body
            if mode is GenerationMode.POSITIVE or "nsatisfiable" not in repr(error):
                raise
    return made


@pytest.mark.parametrize("label", OPERATIONS)  # its name alone: the object's own description takes minutes to print
async def test_an_operation_keeps_to_the_schema(label: str, http: httpx.AsyncClient) -> None:
    callers, ids = await a_world()
    operation = OPERATIONS[label]
    many = 2 if label in LONG else EXAMPLES
    cases = [
        case for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) for case in cases_of(operation, mode, many)
    ]
    for number, case in enumerate(cases):
        known = {name: ids[name] for name in case.path_parameters or {} if name in ids}
        if known and number % 3 != 2:
            case.path_parameters = {**case.path_parameters, **known}
        request = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = await http.request(
            str(request.method), str(request.url), content=body,
            headers=[*((k, v) for k, v in request.headers.items() if k.lower() != "authorization"), *callers[(number + 1) % 3].items()],
        )  # fmt: skip
        await answer.aread()
        case.validate_response(answer, checks=CHECKS)
