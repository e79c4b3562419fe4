"""The back office in a real browser: every table's page draws, styled, and a form does what it says."""

import re

from marketplace.accounts.passwords import hashed
from marketplace.accounts.states import Role
from marketplace.admin import panel
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.buy_now import buy_now
from marketplace.core import clock, db
from tests.factories import a_user
from tests.factories.auctions import an_auction
from tests.factories.orders import pay, read
from tests.factories.payments import fill_wallet

PASSWORD = "correct horse battery"


async def signed_in_staff(server, window):
    staff = await a_user(
        Role.ADMIN, email="boss@example.com", username="boss", password_hash=await hashed(PASSWORD, "boss@example.com")
    )
    page = window(f"{server.url}/admin/")
    page.find("input[name=username]").send_keys("boss@example.com")
    page.find("input[name=password]").send_keys(PASSWORD)
    page.find("button").click()
    page.wait(lambda: "Tables" in page.driver.page_source, "the home page")
    return staff, page


def complaints(page):
    """What the browser reports, less the questions asked before signing in, and the framework's own eval that the policy refuses."""
    return [
        entry["message"]
        for entry in page.driver.get_log("browser")
        if entry["level"] == "SEVERE" and not re.search(r"401|favicon|unsafe-eval|script-src", entry["message"])
    ]


async def a_bought_lot():
    """The id of its order, which is paid."""
    _, lot = await an_auction(buy_now="100")
    sale = await buy_now(LotRef(lot_id=lot), (await a_user()).id, clock.now())
    order, checkout = await db.fetch_row(
        'SELECT o.id, o.checkout FROM orders o JOIN sales s ON s."order" = o.id WHERE s.id = $1', sale.sale_id
    )
    await pay(checkout)
    return order


def drawn(page, name):
    """Whether the list of this table is there, with rows or without."""
    text = page.find("#main, body").text.lower()
    return name.replace("_", " ") in text and ("result(s)" in text or "no results found" in text)


async def test_every_table_draws_and_an_order_is_frozen_by_a_form(server, window):
    order = await a_bought_lot()
    await fill_wallet((await a_user()).id, 100)
    _, page = await signed_in_staff(server, window)
    assert page.driver.execute_script("return getComputedStyle(document.body).margin") == "0px", "styles are let in"
    complaints(page)
    for name in [one.table_class._meta.tablename for one in panel.tables()]:
        page.driver.get(f"{server.url}/admin/#/{name}")
        page.wait(lambda: drawn(page, name), f"the page of {name}")  # noqa: B023 - waited for here
    assert complaints(page) == []

    number = await db.fetch_val("SELECT number FROM orders WHERE id = $1", order)
    page.driver.get(f"{server.url}/admin/#/forms/freeze-an-order")
    page.find("input[name=order]").send_keys(number)
    page.find("input[name=reason]").send_keys("They argue about it.")
    page.find("form input[type=submit], form button").click()
    page.wait(lambda: "Frozen:" in page.find("body").text, "what the form says")
    assert (await read(order)).frozen
