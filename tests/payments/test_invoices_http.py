"""Invoices over HTTP: each party's own, as JSON and as PDF."""

import io

import pytest
from pypdf import PdfReader

from marketplace.accounts.states import Role
from marketplace.core.ids import uuid7
from marketplace.payments.documents import DocumentLine
from marketplace.payments.service.crediting import credit_refund
from tests.factories import signed_in
from tests.factories.invoices import a_document, a_refund, an_invoice

INVOICES = "/api/v1/invoices"


@pytest.fixture
async def sale(client):
    """(invoice, order, the seller's headers, the buyer's headers, the buyer)."""
    seller, as_seller = await signed_in()
    buyer, as_buyer = await signed_in()
    order = uuid7()
    return await an_invoice(seller.id, buyer.id, order_id=order), order, as_seller, as_buyer, buyer


async def test_both_parties_list_it_each_in_their_role(client, sale):
    invoice, order, as_seller, as_buyer, _ = sale
    for headers, role in ((as_seller, "issued"), (as_buyer, "received")):
        found = (await client.get(INVOICES, headers=headers)).json()["data"]["results"]
        assert [(one["id"], one["role"], one["total"], one["tax"]) for one in found] == [
            (str(invoice), role, "27.00", "2.00")
        ]
        assert (found[0]["issuer_name"], found[0]["order_id"]) == ("Ann's Clocks", str(order))
    _, as_stranger = await signed_in()
    assert (await client.get(INVOICES, headers=as_stranger)).json()["data"]["count"] == 0


async def test_the_list_is_filtered(client, sale):
    _, order, as_seller, as_buyer, buyer = sale
    await credit_refund(await a_refund(buyer.id, order, 900))

    async def count(headers, **asked):
        return (await client.get(INVOICES, params=asked, headers=headers)).json()["data"]["count"]

    assert await count(as_buyer) == 2 and await count(as_buyer, kind="credit_note") == 1
    assert await count(as_buyer, role="issued") == 0 and await count(as_seller, role="issued") == 2
    assert await count(as_buyer, order_id=str(order)) == 2 and await count(as_buyer, order_id=str(uuid7())) == 0
    assert await count(as_buyer, search="inv-") == 1 and await count(as_buyer, date_before="2020-01-01") == 0
    wrong = await client.get(INVOICES, params={"kind": "receipt"}, headers=as_buyer)
    assert wrong.status_code == 400 and list(wrong.json()["errors"]) == ["kind"]


async def test_an_invoice_shows_everything_it_says(client, sale):
    invoice, _, as_seller, _, _ = sale
    said = (await client.get(f"{INVOICES}/{invoice}/", headers=as_seller)).json()["data"]
    assert (said["subtotal"], said["discount"], said["tax"], said["shipping"], said["total"]) == (
        "20.00", "0.00", "2.00", "5.00", "27.00",
    )  # fmt: skip
    assert said["lines"] == [
        {"title": "Brass ship clock", "detail": "", "quantity": 1, "unit_price": None, "total": "20.00"}
    ]
    assert said["seller"]["tax_id"] == "DE136695976" and said["buyer"]["address"][0] == "2 Side St"


@pytest.mark.parametrize(
    ("path", "accept"), [("/pdf", "*/*"), ("?format=pdf", "application/json"), ("", "application/pdf")]
)
async def test_the_pdf_is_asked_for_in_three_ways(client, sale, path, accept):
    invoice, _, as_seller, as_buyer, _ = sale
    answers = [
        await client.get(f"{INVOICES}/{invoice}{path}", headers=headers | {"accept": accept})
        for headers in (as_seller, as_buyer)
    ]
    assert [answer.headers["content-type"] for answer in answers] == ["application/pdf"] * 2
    assert answers[0].content == answers[1].content
    assert 'filename="INV-' in answers[0].headers["content-disposition"]
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answers[0].content)).pages)
    assert "Ann's Clocks" in said and "27.00 USD" in said


async def test_json_is_the_answer_unless_pdf_is_wanted(client, sale):
    invoice, _, as_seller, _, _ = sale
    for path, accept in (
        ("", "text/html, */*"),
        ("", "application/json, application/pdf"),
        ("?format=json", "application/pdf"),
    ):
        answer = await client.get(f"{INVOICES}/{invoice}{path}", headers=as_seller | {"accept": accept})
        assert answer.headers["content-type"].startswith("application/json")
    wrong = await client.get(f"{INVOICES}/{invoice}?format=docx", headers=as_seller)
    assert wrong.status_code == 400 and list(wrong.json()["errors"]) == ["format"]


async def test_nobody_else_sees_it_not_even_staff(client, sale):
    invoice = sale[0]
    for _, headers in (await signed_in(), await signed_in(Role.ADMIN)):
        for path in ("", "/pdf", "?format=pdf"):
            assert (await client.get(f"{INVOICES}/{invoice}{path}", headers=headers)).status_code == 404


async def test_what_the_house_issues_has_no_issuer(client):
    buyer, as_buyer = await signed_in()
    invoice = await an_invoice(
        None, buyer.id, document=a_document(lines=[DocumentLine(title="Premium", total_minor=2000)])
    )
    said = (await client.get(f"{INVOICES}/{invoice}", headers=as_buyer)).json()["data"]
    assert said["issuer"] is None and said["number"].startswith("INV-MARKET-")
