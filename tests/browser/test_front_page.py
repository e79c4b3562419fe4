"""The front page in real browsers, against a real instance."""

import pytest

from marketplace.accounts.passwords import hashed
from marketplace.auctions.service.retractions import retract_bid
from marketplace.auctions.states import RetractionReason
from marketplace.core import clock, db
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction

PASSWORD = "correct horse battery"


async def someone(username: str):
    email = f"{username}@example.com"
    return await a_user(username=username, email=email, password_hash=await hashed(PASSWORD, email))


def enter(window, url: str, auction_id, user=None, **how):
    browser = window(f"{url}/#/auction/{auction_id}", **how)
    browser.status("open")
    if user is not None:
        browser.sign_in(user.email, PASSWORD)
        browser.status("open")
    return browser


async def test_two_browsers_bid_against_each_other(server, window):
    ada, bob = await someone("ada"), await someone("bob")
    auction_id, lot_id = await an_auction((await someone("sam")).id, title="Blue vase", start="10")

    hers = window(server.url)
    hers.press("Blue vase")
    hers.status("open")
    hers.sign_in(ada.email, PASSWORD)
    his = enter(window, server.url, auction_id, bob)
    for page in (hers, his):
        page.reads("price", "$10.00")

    hers.type("Your bid", "15")
    hers.press("Place bid")
    hers.says("Your bid of $15.00 leads.")
    hers.reads("standing", "You are the highest bidder.")
    his.wait(lambda: his.bids() == ["$10.00"])
    assert "15" not in his.find("main").text, "her maximum is nobody's business"

    his.press("Bid $10.50")
    his.says("a higher maximum stands")
    his.reads("standing", "You have been outbid.")
    for page in (hers, his):
        page.reads("price", "$11.00")

    his.type("Your bid", "20")
    his.press("Place bid")
    hers.says("You have been outbid: it stands at $15.50.")
    hers.reads("standing", "You have been outbid.")
    his.reads("standing", "You are the highest bidder.")
    for page in (hers, his):
        page.wait(lambda page=page: page.bids() == ["$15.50", "$11.00", "$10.00"])

    hers.type("Your bid", "12")
    hers.press("Place bid")
    hers.wait(lambda: "too low" in hers.find("#bid-wrong").text and "$16.00" in hers.find("#bid-wrong").text)
    assert await db.fetch_val("SELECT count(*) FROM bids WHERE lot = $1", lot_id) == 3
    assert hers.complaints() == his.complaints() == []


async def test_the_page_comes_back_by_itself_with_what_it_missed(server, window, cuttable):
    ada, bob = await someone("ada"), await someone("bob")
    auction_id, lot_id = await an_auction(start="10")
    page = enter(window, cuttable.url, auction_id, ada)
    page.press("Bid $10.00")
    page.wait(lambda: page.bids() == ["$10.00"])

    cuttable.cut()
    page.status("waiting")
    await a_bid(lot_id, bob.id, "30")
    await a_bid(lot_id, bob.id, "40")
    assert page.bids() == ["$10.00"]
    cuttable.mend()

    page.status("open")
    page.wait(lambda: page.bids() == ["$10.50", "$10.50", "$10.00"])
    page.says("You have been outbid")
    page.press("Bid $11.00")
    page.says("a higher maximum stands")


async def test_the_page_closes_with_the_auction(server, window):
    ada = await someone("ada")
    auction_id, lot_id = await an_auction(start="10")
    page = enter(window, server.url, auction_id, ada)
    page.press("Bid $10.00")
    page.reads("standing", "You are the highest bidder.")
    await db.execute(
        "UPDATE lots SET ends_at = now() + interval '2 s', latest_end = now() + interval '1 h' WHERE id = $1", lot_id
    )
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'auctions.close' AND key = $1", str(lot_id))
    page.reads("standing", "You won, at $10.00.")
    page.reads("countdown", "Ended")
    assert not page.find("main").find_elements("css selector", "form.bidding:not([hidden])")


async def test_a_standing_maximum_bids_by_itself(server, window):
    ada, bob = await someone("ada"), await someone("bob")
    auction_id, lot_id = await an_auction(start="10")
    page = enter(window, server.url, auction_id, ada)
    page.type("Your bid", "50")
    page.find("#bid-max").click()
    page.press("Place bid")
    page.says("Set: we bid for you up to $50.00.")
    await a_bid(lot_id, bob.id, "20")
    page.reads("price", "$20.50")
    page.reads("standing", "You are the highest bidder.")
    page.type("Your bid", "60")
    page.find("#bid-max").click()
    page.press("Place bid")
    page.says("Set: we bid for you up to $60.00.")
    assert await db.fetch_val("SELECT max_minor FROM auto_bid_rules WHERE status = 'active'") == 6000


async def test_watching_and_notifications(server, window):
    ada, bob = await someone("ada"), await someone("bob")
    auction_id, lot_id = await an_auction(title="Blue vase", start="10")
    page = enter(window, server.url, auction_id, ada)
    page.press("Watch “Blue vase”")
    page.wait(lambda: page.find("[aria-label='Watch “Blue vase”']").get_attribute("aria-pressed") == "true")
    page.press("Bid $10.00")
    page.reads("standing", "You are the highest bidder.")
    await a_bid(lot_id, bob.id, "30")
    page.press("1 unread notification")
    page.find("dialog .inbox li.unread")
    page.press("Mark all as read")
    page.press("0 unread notifications")
    page.press("Close")
    page.press("Account: ada")
    page.press("Watchlist")
    page.wait(lambda: "Blue vase" in page.find(".grid").text)
    page.press("Account: ada")
    page.press("Sign out")
    page.press("Sign in", "header")


async def test_somebody_new_makes_an_account(server, window):
    await an_auction(title="Blue vase")
    page = window(server.url)
    page.press("Sign in", "header")
    page.press("New here? Create an account")
    page.type("Public name", "newcomer")
    page.type("E-mail", "new@example.com")
    page.type("Password", "short")
    page.press("Create account", "dialog")
    page.find("dialog .wrong")
    page.type("Password", "a much longer phrase")
    page.press("Create account", "dialog")
    page.press("Account: newcomer")
    assert await db.fetch_val("SELECT count(*) FROM users WHERE username = 'newcomer'") == 1


async def test_the_list_is_searched_and_speaks_chinese(server, window):
    await an_auction(title="Blue vase")
    await an_auction(title="Red lamp")
    page = window(server.url)
    page.wait(lambda: "Blue vase" in page.find(".grid").text and "Red lamp" in page.find(".grid").text)
    page.find("[type=search]").send_keys("lamp")
    page.wait(lambda: "Blue vase" not in page.find(".grid").text and "Red lamp" in page.find(".grid").text)
    page.press("Switch to Chinese")
    page.wait(lambda: "正在拍卖" in page.find("main").text)
    assert page.driver.execute_script("return document.documentElement.lang") == "zh-CN"
    assert page.complaints() == []


@pytest.mark.parametrize(
    "path", ["", "#/auction/{id}", "#/watchlist", "#/auction/00000000-0000-0000-0000-000000000000"]
)
async def test_a_phone_shows_every_page_without_scrolling_sideways(server, window, path):
    ada = await someone("ada")
    auction_id, lot_id = await an_auction(title="A title of unusual length " * 4, description="x" * 300, lots=2)
    await a_bid(lot_id, ada.id, "12345.67")
    page = window(f"{server.url}/{path.format(id=auction_id)}", phone=True)
    page.find("main h1, main h2, main .empty")
    page.wait(lambda: page.driver.execute_script("return document.querySelectorAll('[aria-busy=true]').length") == 0)
    wide, inner = page.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= inner
    assert page.unnamed() == []
    assert page.complaints() == []


FOLLOW = """
const [base, id] = arguments;
import(`${base}/web/client.js`).then(({ Marketplace }) => {
  window.following = new Marketplace().room(id);
  window.following.connect();
});
"""
FRESH = """
const [base, id, done] = arguments;
import(`${base}/web/client.js`).then(({ Marketplace }) => {
  const room = new Marketplace().room(id);
  room.addEventListener("change", () => (room.close(), done(room.state)), { once: true });
  room.connect();
});
"""


async def test_the_example_client_keeps_the_law(server, window):
    """Snapshot + messages, as client.js applies them, are what a fresh snapshot shows."""
    people = [await someone(name) for name in ("ada", "bob", "eve")]
    auction_id, lot_id = await an_auction(start="1", reserve="20", buy_now="90")
    page = window(server.url)
    page.driver.execute_script(FOLLOW, server.url, str(auction_id))
    page.wait(lambda: page.driver.execute_script("return window.following?.state"))
    placed = [await a_bid(lot_id, people[n % 3].id, str(2 + 3 * n)) for n in range(25)]
    await retract_bid(placed[-1].bid_id, people[0].id, RetractionReason.WRONG_AMOUNT, clock.now())

    page.wait(lambda: page.driver.execute_script("return following.state.lots[0].bids[0]?.retracted"))
    page.wait(lambda: page.driver.execute_script("return following.state.presence"))  # told at its own pace
    followed = page.driver.execute_script("return following.state")
    fresh = page.driver.execute_async_script(FRESH, server.url, str(auction_id))
    assert followed.pop("presence") >= 1
    fresh.pop("presence", None)
    assert followed == fresh
    assert (followed["lots"][0]["bid_count"], len(followed["lots"][0]["bids"])) == (24, 20)
