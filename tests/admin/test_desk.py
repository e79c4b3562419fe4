"""The dispute desk: who may in, what it shows, and what is done there."""

import html
import re

import pytest

from marketplace.accounts.states import Role
from marketplace.admin import queries
from marketplace.core import audit, db, platform
from marketplace.disputes.service import deciding, proposing, talking
from marketplace.engagements.states import Gig
from tests.admin.test_panel import sign_in, staff
from tests.factories import a_user
from tests.factories.disputes import a_dispute, look, sides, time_passes
from tests.factories.engagements import an_engagement, hand_over_a_picture
from tests.factories.orders import an_order, hold_invariants, read

DESK = "/admin/desk/"


@pytest.fixture(autouse=True)
async def _settings_as_defined(tables):
    await platform.forget()
    yield
    await platform.forget()


@pytest.fixture
async def moderator(client):
    one = await staff(Role.MODERATOR)
    await sign_in(client, one)
    return one


async def submit(client, path, **fields):
    """Send a form of a page as the browser does, with the token that stands in it."""
    token = re.search(r'name="csrftoken" value="([^"]+)"', (await client.get(path.rsplit("/", 1)[0] + "/")).text)
    client.headers.pop("X-CSRFToken", None)
    return await client.post(f"{path}/", data={"csrftoken": token[1] if token else "", **fields})


async def test_nobody_but_staff_comes_in(client):
    dispute_id = await a_dispute()
    for path in (DESK, f"{DESK}{dispute_id}/"):
        answer = await client.get(path)
        assert answer.status_code == 303 and answer.headers["location"] == "/admin/#/login"
    assert (await client.post(f"{DESK}{dispute_id}/take/", data={})).status_code == 403
    assert (await look(dispute_id)).assignee is None


async def test_the_queue_shows_each_view_and_finds(client, moderator):
    waits, late = await a_dispute(), await a_dispute()
    await talking.escalate(waits, (await sides(waits))[0], "")
    await time_passes(late)
    number = (await look(waits)).order.number
    shown = {view: (await client.get(f"{DESK}?view={view}")).text for view in ("staff", "mine", "free", "open", "over")}
    assert number in shown["staff"] and number in shown["free"] and number not in shown["mine"]
    assert shown["open"].count('class="case"') == 2 and "Nothing here" in shown["over"]
    assert re.findall(r'class="count[^>]*>(\d+)<', shown["open"]) == ["1", "1", "2"]  # to decide, nobody's, all open
    assert number in (await client.get(f"{DESK}?view=open&search={number}")).text
    assert "Nothing here" in (await client.get(f"{DESK}?view=open&search=nothing-like-it")).text
    assert (await client.get(f"{DESK}?view=secret")).status_code == 404
    assert (await client.get(f"{DESK}?view=open&cursor=rubbish")).status_code == 400


async def test_a_case_is_taken_asked_about_seen_through_and_decided(client, moderator):
    dispute_id = await a_dispute(9_999, tax=1_000)
    order_id, path = (await look(dispute_id)).order.id, f"{DESK}{dispute_id}"
    answer = await submit(client, f"{path}/take")
    assert answer.status_code == 303 and (await look(dispute_id)).assignee == moderator.id
    assert "The case is yours." in (await client.get(answer.headers["location"])).text
    assert (await submit(client, f"{path}/ask", side="seller", days="2", message="A photo?")).status_code == 303
    assert (await submit(client, f"{path}/say", message="They <b>lie</b>", internal="yes")).status_code == 303
    page = (await client.get(f"{path}/")).text
    assert "They &lt;b&gt;lie&lt;/b&gt;" in page and "A photo?" in page and "among staff" in page
    wrong = await submit(client, f"{path}/preview", buyer_amount="10", seller_amount="10", reason="")
    assert wrong.status_code == 422 and "109.99" in wrong.text
    seen = await submit(
        client, f"{path}/preview", buyer_amount="55.00", seller_amount="54.99", reason="Both erred here."
    )
    effect = dict(re.findall(r'id="effect-(\w+)">([^<]+)<', seen.text))
    assert effect == {"buyer": "55.00 USD", "seller": "45.00 USD", "platform": "5.00 USD"}
    assert (await read(order_id)).frozen
    assert (await submit(client, f"{path}/decide", buyer_amount="55.00", seller_amount="54.99")).status_code == 400
    fields = {"buyer_amount": "55.00", "seller_amount": "54.99", "reason": "Both erred here."}
    assert (await submit(client, f"{path}/decide", **fields)).status_code == 303
    again = await submit(client, f"{path}/decide", **fields)
    assert again.status_code == 409 and "cannot become" in again.text
    await time_passes(dispute_id)
    order = await read(order_id)
    assert (order.refunded_minor, order.released_minor) == (5_500, 5_499)
    assert "Resolved" in (await client.get(f"{path}/")).text
    assert [row["action"] for row in await db.fetch("SELECT action FROM audit_log ORDER BY seq")] == [
        "dispute.taken",
        "dispute.decided",
    ]
    assert await audit.verify() is None
    await hold_invariants()


@pytest.mark.parametrize(
    ("fields", "buyer", "seller"),
    [
        ({"quick": "buyer"}, "100.01", "0.00"), ({"quick": "half"}, "50.01", "50.00"), ({"quick": "seller"}, "0.00", "100.01"),
        ({"quick": "claim"}, "60.00", "40.01"), ({"quick": "proposal"}, "20.00", "80.01"),
        ({"buyer_amount": "0.01"}, "0.01", "100.00"), ({"seller_amount": "100.01"}, "0.00", "100.01"),
    ],
)  # fmt: skip
async def test_a_button_or_one_amount_is_enough(client, moderator, fields, buyer, seller):
    dispute_id = await a_dispute(10_001, wanted="60.00")
    await proposing.propose(dispute_id, (await sides(dispute_id))[1], "20.00", "")
    seen = await submit(client, f"{DESK}{dispute_id}/preview", reason="Kept as it was typed.", **fields)
    chosen = dict(re.findall(r'type="hidden" name="(\w+_amount)" value="([^"]*)"', seen.text))
    assert chosen == {"buyer_amount": buyer, "seller_amount": seller}
    assert "Kept as it was typed." in seen.text


async def test_money_without_cents_is_halved_whole(client, moderator):
    dispute_id = await a_dispute(101, currency="JPY")
    seen = await submit(client, f"{DESK}{dispute_id}/preview", quick="half")
    assert 'name="buyer_amount" value="51"' in seen.text and 'name="seller_amount" value="50"' in seen.text
    assert (await submit(client, f"{DESK}{dispute_id}/preview", buyer_amount="50.5")).status_code == 400


async def test_the_next_case_is_the_most_urgent_that_is_free_and_ones_to_decide(client, moderator):
    own = await a_dispute(order_id=await an_order(buyer=moderator.id, paid=True))
    later, sooner, decided = await a_dispute(), await a_dispute(), await a_dispute()
    for one in (own, later, sooner):
        await talking.escalate(one, (await sides(one))[0], "")
    await deciding.resolve(decided, moderator.id, "50", "50", "Half of it was there.")
    await deciding.appeal(decided, (await sides(decided))[0], "None of it was there.")
    await db.execute("UPDATE disputes SET due_at = due_at - interval '1 day' WHERE id = $1", sooner)
    for expected in (f"{DESK}{sooner}/?said=taken", f"{DESK}{later}/?said=taken", f"{DESK}?said=none-left"):
        answer = await submit(client, f"{DESK}next")
        assert (answer.status_code, answer.headers["location"]) == (303, expected)
    assert "No case waits" in (await client.get(expected)).text


async def test_the_evidence_is_kept_from_the_desk(client, moderator):
    dispute_id = await a_dispute()
    plain = await client.get(f"{DESK}{dispute_id}/evidence/json/")
    archive = await client.get(f"{DESK}{dispute_id}/evidence/zip/")
    assert plain.json()["dispute"]["id"] == str(dispute_id) and archive.content[:2] == b"PK"
    for wrong in ("1", "x", "999", "%00"):
        assert (await client.get(f"{DESK}{dispute_id}/evidence/json/?decision={wrong}")).status_code == 404


async def test_a_moderator_sees_no_case_of_their_own(client, moderator):
    dispute_id = await a_dispute(order_id=await an_order(seller=moderator.id, paid=True))
    for path in ("", "evidence/json/", "evidence/zip/"):
        assert (await client.get(f"{DESK}{dispute_id}/{path}")).status_code == 403


async def test_forms_need_the_token_of_the_page(client, moderator):
    dispute_id = await a_dispute()
    client.headers.pop("X-CSRFToken")
    await client.get(DESK)
    for fields in ({}, {"csrftoken": "made-up"}):
        assert (await client.post(f"{DESK}{dispute_id}/take/", data=fields)).status_code == 403
    headers = {"origin": "https://elsewhere.example"}
    assert (await client.post(f"{DESK}{dispute_id}/take/", data={}, headers=headers)).status_code == 403
    assert (await look(dispute_id)).assignee is None


@pytest.mark.parametrize(
    ("deed", "fields", "status"),
    [
        ("say", {"message": ""}, 400), ("ask", {"side": "staff", "days": "3", "message": "?"}, 400),
        ("say", {"message": "a\0b"}, 400), ("say", {"message": "\u200b\u202eb"}, 400), ("say", {"message": "x" * 5001}, 400),
        ("ask", {"side": "buyer", "days": "9" * 5000, "message": "?"}, 400),
        ("decide", {"buyer_amount": "1" * 5000, "seller_amount": "1", "reason": "So be it now."}, 400),
        ("ask", {"side": "buyer", "days": "0", "message": "?"}, 400), ("preview", {"buyer_amount": "x", "seller_amount": "1"}, 400),
        ("preview", {"buyer_amount": "1e9999999", "seller_amount": "1"}, 400), ("preview", {}, 400),
        ("decide", {"buyer_amount": "-1", "seller_amount": "101", "reason": "So be it now."}, 400),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_on_the_page(client, moderator, deed, fields, status):
    dispute_id = await a_dispute()
    answer = await submit(client, f"{DESK}{dispute_id}/{deed}", **fields)
    assert answer.status_code == status and 'role="alert"' in answer.text
    assert (await look(dispute_id)).status == "negotiating"


async def test_a_colleagues_case_is_taken_over_and_an_appeal_is_anothers(client, moderator):
    dispute_id, colleague = await a_dispute(), await a_user()
    await deciding.take(dispute_id, colleague.id)
    path = f"{DESK}{dispute_id}"
    assert (await submit(client, f"{path}/take")).status_code == 409
    assert (await submit(client, f"{path}/take", over="yes")).status_code == 303
    assert (await submit(client, f"{path}/let-go")).status_code == 303
    fields = {"buyer_amount": "50", "seller_amount": "50", "reason": "Half of it was there."}
    assert (await submit(client, f"{path}/decide", **fields)).status_code == 303
    await deciding.appeal(dispute_id, (await sides(dispute_id))[0], "None of it was there.")
    refused = await submit(client, f"{path}/decide", **fields)
    assert refused.status_code == 403 and "somebody who did not decide" in refused.text
    assert (await client.get(f"{DESK}00000000-0000-7000-8000-000000000000/")).status_code == 404


async def test_the_figures_of_the_house_count_what_is_late_and_the_panel_shows_the_tables(client, moderator):
    waits, late = await a_dispute(), await a_dispute()
    await talking.escalate(waits, (await sides(waits))[0], "")
    await db.execute("UPDATE disputes SET due_at = now() - interval '1 hour' WHERE id = $1", late)
    figures = await queries.get_dashboard()
    assert (figures.disputes_open, figures.disputes_for_staff, figures.disputes_overdue) == (2, 1, 1)
    for table, rows in (("disputes", 2), ("dispute_history", 3), ("dispute_proposals", 0), ("dispute_decisions", 0)):
        answer = await client.get(f"/admin/api/tables/{table}/")
        assert answer.status_code == 200 and len(answer.json()["rows"]) == rows
    await talking.say_as_staff(waits, moderator.id, "They have done this before.", internal=True)
    assert "done this before" not in (await client.get("/admin/api/tables/dispute_messages/")).text


async def test_what_was_delivered_is_seen_in_the_case(client, moderator):
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    await hand_over_a_picture(order_id)
    dispute_id = await a_dispute(order_id=order_id)
    page = (await client.get(f"{DESK}{dispute_id}/")).text
    assert "draft.jpg" in page
    links = set(re.findall(r'(?:href|src)="(/media/private/delivery/[^"]+)"', page))
    assert len(links) == 2  # the picture, and a small one
    for link in links:
        assert (await client.get(html.unescape(link))).status_code == 200
