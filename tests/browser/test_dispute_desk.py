"""A moderator signs in with a second factor and settles a case, in a real browser."""

import time

import pyotp
from selenium.webdriver.common.keys import Keys

from marketplace.accounts.passwords import hashed
from marketplace.accounts.service import second_factor
from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.disputes.service import talking
from tests.browser.test_back_office import PASSWORD, a_bought_lot, complaints
from tests.eventually import eventually
from tests.factories import a_user
from tests.factories.disputes import a_dispute, look, sides
from tests.factories.orders import hold_invariants, read


async def a_moderator():
    """With an authenticator app, whose code of this moment has been used."""
    email = "mo@example.com"
    moderator = await a_user(Role.MODERATOR, email=email, username="mo", password_hash=await hashed(PASSWORD, email))
    app = pyotp.TOTP((await second_factor.begin(moderator.id, "mo")).secret)
    await second_factor.confirm(moderator.id, app.now())
    return moderator, app


def write(page, name, text):
    field = page.find(f"[name={name}]")
    field.clear()
    field.send_keys(text)


async def test_a_case_is_settled(server, window):
    dispute_id = await a_dispute(order_id=await a_bought_lot(), wanted="60.00")
    buyer, seller = await sides(dispute_id)
    await talking.say(dispute_id, seller, "It was whole when it left.")
    await talking.escalate(dispute_id, buyer, "")
    moderator, app = await a_moderator()

    page = window(f"{server.url}/admin/")
    write(page, "username", "mo")
    write(page, "password", PASSWORD)
    page.find("button").click()
    page.find("[placeholder='123456']").send_keys(app.at(time.time() + 30), Keys.ENTER)
    page.wait(lambda: "Dispute desk" in page.driver.page_source, "the sidebar's link")
    complaints(page)
    page.driver.get(f"{server.url}/admin/desk/")
    page.find("a.case").click()
    assert "It was whole when it left." in page.find(".story").text
    page.press("Take this case")
    assert "The case is yours." in page.find("[role=status]").text
    write(page, "buyer_amount", "40.00")
    write(page, "seller_amount", "60.00")
    write(page, "reason", "It left whole, and was packed badly.")
    page.press("Show what it does")
    effect = {one: page.find(f"#effect-{one}").text for one in ("buyer", "seller", "platform")}
    assert effect == {"buyer": "40.00 USD", "seller": "54.00 USD", "platform": "6.00 USD"}
    assert (await look(dispute_id)).status == "under_review"

    page.press("Decide it so")
    assert "Decided." in page.find("[role=status]").text
    assert complaints(page) == []
    decision = await db.fetch_row("SELECT buyer_minor, actor FROM dispute_decisions WHERE dispute = $1", dispute_id)
    assert tuple(decision) == (4_000, moderator.id)

    await db.execute("UPDATE disputes SET due_at = now()")  # nobody appeals
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'disputes.due'")

    async def settled():
        return (await look(dispute_id)).status == "resolved"

    await eventually(settled)
    order = await read((await look(dispute_id)).order.id)
    assert (order.refunded_minor, order.released_minor) == (4_000, 6_000)
    await hold_invariants()
