"""The schema and the pages that show it. After a wanted change: `python3 -m marketplace openapi > tests/openapi.json`."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from marketplace.core import openapi

KEPT = Path(__file__).parents[1] / "openapi.json"


@pytest.fixture(scope="module")
def document(app: Any) -> dict[str, Any]:
    return openapi.schema(app)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_is_the_one_that_clients_were_given(document):
    kept = msgspec.json.decode(KEPT.read_bytes())
    assert document == kept, "the API changed; if that is wanted: python3 -m marketplace openapi > tests/openapi.json"


def test_every_operation_says_what_it_is(document):
    ids = [one["operationId"] for _, _, one in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, one in operations(document):
        assert one["summary"] and one["tags"], f"{method} {path} has no docstring or no tags"
        if path.startswith("/api/v1"):
            signed = one["tags"] == ["Webhooks of providers"]  # who signs needs no token, and none is looked at
            assert {"400", "429", "503"} | (set() if signed else {"401"}) <= set(one["responses"])
            assert any(status.startswith("2") for status in one["responses"])


def test_component_names_are_names(document):
    assert [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Za-z0-9_]+", name)] == []


def test_constraints_and_closed_objects_are_there(document):
    body = document["paths"]["/api/v1/bids"]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["additionalProperties"] is False
    parameters = {p["name"]: p for p in document["paths"]["/api/v1/auctions"]["get"]["parameters"]}
    assert parameters["page_size"]["schema"]["maximum"] == 100
    assert "ends_at" in parameters["ordering"]["schema"]["pattern"]
    keyed = {p["name"] for p in document["paths"]["/api/v1/bids"]["post"]["parameters"]}
    assert "Idempotency-Key" in keyed


def test_who_may_call_is_told(document):
    assert document["paths"]["/api/v1/bids"]["post"]["security"] == [{"bearer": []}]
    assert document["paths"]["/api/v1/admin/users"]["get"]["security"] == [{"bearer": []}]
    assert document["paths"]["/api/v1/auctions"]["get"]["security"] == [{}, {"bearer": []}]
    assert document["paths"]["/api/v1/auth/login"]["post"]["security"] == []


async def test_the_schema_is_served_as_json_and_yaml(client, document):
    answer = await client.get("/api/schema")
    assert answer.headers["content-type"].startswith("application/json") and answer.json() == document
    for call in (
        client.get("/api/schema?format=yaml"),
        client.get("/api/schema", headers={"accept": "application/yaml"}),
    ):
        answer = await call
        assert answer.headers["content-type"].startswith("application/yaml")
        assert msgspec.yaml.decode(answer.content) == document
    again = await client.get(
        "/api/schema", headers={"if-none-match": answer.headers["etag"], "accept": "application/yaml"}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("page", ["/api/docs", "/api/docs/", "/api/redoc", "/api/redoc/"])
async def test_the_pages_load_nothing_from_elsewhere(client, page):
    answer = await client.get(page)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "://" not in answer.text and 'src="//' not in answer.text
    used = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert used
    for address in used:
        file = await client.get(address)
        assert file.status_code == 200 and len(file.content) > 100
        if address.endswith(".css"):
            assert not re.search(rb"url\(\s*['\"]?(https?:)?//", file.content)
            assert b"@import" not in file.content
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]  # default-src 'self', no inline scripts


async def test_no_other_file_can_be_asked_for(client):
    for name in ("nothing.js", "..%2f..%2fconfig.py", "README.md"):
        assert (await client.get(f"/api/docs/files/{name}")).status_code == 404
