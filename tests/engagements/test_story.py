"""From a brief to money at the seller's, as people walk it: over HTTP, on a running instance, with the sandbox for a bank."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from marketplace.core import db
from tests.eventually import eventually
from tests.factories import signed_in
from tests.factories.gigs import a_gig
from tests.factories.orders import hold_invariants, set_times
from tests.factories.pictures import a_picture

API = "/api/v1"


class Person:
    """Somebody with a token and something like curl."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str], user_id: Any) -> None:
        self.http, self.headers, self.id = http, headers, user_id

    async def get(self, path: str, **params: Any) -> Any:
        return self._data(await self.http.get(f"{API}{path}", params=params, headers=self.headers))

    async def post(self, path: str, **body: Any) -> Any:
        return self._data(await self.http.post(f"{API}{path}", json=body, headers=self.headers))

    async def put(self, path: str, **body: Any) -> Any:
        return self._data(await self.http.put(f"{API}{path}", json=body, headers=self.headers))

    async def upload(self, purpose: str, name: str) -> str:
        files = {"file": (name, a_picture(), "image/jpeg")}
        answer = await self.http.post(f"{API}/media/", files=files, data={"purpose": purpose}, headers=self.headers)
        return str(self._data(answer)["id"])

    async def is_refused(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.http.post(f"{API}{path}", json=body, headers=self.headers)
        assert answer.status_code == 409, answer.text
        refusal: dict[str, Any] = answer.json()
        return refusal

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]


@pytest.fixture
async def people(server):
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        (maker, maker_in), (client, client_in) = await signed_in(), await signed_in()
        yield Person(http, maker_in, maker.id), Person(http, client_in, client.id)


async def pay(client: Person, order_id: str) -> None:
    paid = await client.post("/payments/", order_id=order_id, payment_method="sandbox", payment_method_id="pm_card_ok")
    assert paid["status"] == "succeeded"


async def notices(person: Person) -> set[str]:
    return {one["type"] for one in (await person.get("/notifications/", page_size=100))["results"]}


async def test_from_a_brief_to_money_at_the_sellers(people):
    maker, client = people
    gig = await a_gig(maker.id)

    # The client orders the middle package with the source file, and pays: the money waits in escrow.
    offered = await client.get(f"/gigs/{gig}/")
    package = next(one for one in offered["packages"] if one["tier"] == "standard")
    extra = offered["extras"][0]
    order = await client.post(
        "/orders/", kind="gig", package_id=package["id"], extras=[extra["id"]], note="For a café."
    )
    assert (order["status"], order["total_amount"]) == ("pending_payment", "135.00")
    path = f"/orders/{order['id']}"
    await pay(client, order["id"])
    assert (await client.get(f"{path}/"))["escrow"] == "held"

    # The maker cannot begin before they know what the shop is called.
    refused = await maker.is_refused(f"{path}/accept/")
    assert refused["code"] == "requirements_missing"
    name, style = await client.get(f"{path}/requirements/")
    answers = [
        {"requirement_id": name["id"], "text": "The Fox"},
        {"requirement_id": style["id"], "choices": ["Playful"]},
    ]
    await client.post(f"{path}/requirements/", answers=answers)
    assert [one["answer"] or one["chosen"] for one in await maker.get(f"{path}/requirements/")] == [
        "The Fox",
        ["Playful"],
    ]
    assert (await maker.post(f"{path}/accept/"))["status"] == "accepted"
    assert (await maker.post(f"{path}/start/"))["status"] == "in_progress"

    # Five days are short: two more are agreed on.
    due_at = (await client.get(f"{path}/engagement/"))["due_at"]
    asked = await maker.post(f"{path}/extension-requests/", days=2, reason="The fox does not sit still.")
    await client.post(f"/extension-requests/{asked['id']}/accept/")
    work = await client.get(f"{path}/engagement/")
    assert work["due_at"] > due_at and (work["extended_days"], work["is_clock_running"]) == (2, True)

    # The first delivery is nearly right; the second is.
    draft = await maker.upload("delivery", "draft.jpg")
    first = await maker.post(f"{path}/deliveries/", message="Three drafts.", file_ids=[draft])
    await maker.put(f"/deliveries/{first['id']}/", message="Three drafts, as promised.")
    seen = await client.get(f"/deliveries/{first['id']}/")
    assert (seen["message"], seen["version"], len(seen["handed_over"][0]["sha256"])) == (
        "Three drafts, as promised.",
        1,
        64,
    )
    await client.post(f"/deliveries/{first['id']}/request-revision/", message="The second one, in blue.")
    assert (await client.get(f"{path}/"))["status"] == "in_revision"
    second = await maker.post(
        f"{path}/deliveries/", message="In blue.", file_ids=[await maker.upload("delivery", "blue.jpg")]
    )
    assert (await client.is_refused(f"/deliveries/{first['id']}/accept/"))["code"] == "delivery_superseded"
    await client.post(f"/deliveries/{second['id']}/accept/")

    # The money is the maker's, less the commission; it clears in two weeks.
    done = await maker.get(f"{path}/")
    assert (done["status"], done["escrow"], done["net_amount"], done["held_amount"]) == (
        "completed",
        "released",
        "121.50",
        "0.00",
    )
    walked = [step["status"] for step in done["status_history"]]
    assert list(dict.fromkeys(walked)) == [
        "pending_payment", "awaiting_requirements", "accepted", "in_progress", "delivered", "in_revision", "completed",
    ]  # fmt: skip
    postings = (await maker.get(f"{path}/money/"))["postings"]
    assert [(one["what"], one["escrow_balance"]) for one in postings] == [("capture", "135.00"), ("release", "0.00")]
    await set_times(order["id"], clears_at=timedelta(seconds=1))

    async def cleared() -> bool:
        row = await db.fetch_row("SELECT cleared_at FROM orders WHERE id = $1", order["id"])
        return row is not None and row["cleared_at"] is not None

    await eventually(cleared)

    async def both_told() -> bool:
        to_client, to_maker = await notices(client), await notices(maker)
        return {"requirements_awaited", "work_accepted", "work_started", "extension_requested", "work_delivered"} <= to_client and {
            "work_paid", "requirements_answered", "extension_answered", "revision_requested", "order_completed", "money_cleared",
        } <= to_maker  # fmt: skip

    await eventually(both_told)
    await eventually(books_hold)


async def books_hold() -> bool:
    """Once listeners have caught up."""
    try:
        await hold_invariants()
    except AssertionError:
        return False
    return True


async def test_from_a_counter_offer_to_an_agreed_end(people):
    maker, client = people
    gig = await a_gig(maker.id)
    asked = await client.post(
        "/custom-offers/", gig_id=str(gig), price="40.00", delivery_days=2, revisions=1, description="A fox, small"
    )
    answer = await maker.post(f"/custom-offers/{asked['id']}/counter/", price="60.00")
    taken = await client.post(f"/custom-offers/{answer['id']}/accept/")
    path = f"/orders/{taken['order_id']}"
    await pay(client, taken["order_id"])
    name = (await client.get(f"{path}/requirements/"))[0]
    await client.post(f"{path}/requirements/", answers=[{"requirement_id": name["id"], "text": "The Fox"}])
    await maker.post(f"{path}/accept/")

    refused = await client.is_refused(f"{path}/cancel/", reason="I have changed my mind.")
    assert refused["code"] == "cancellation_refused" and refused["details"]["alone_from"]
    wish = await client.post(f"{path}/cancel-requests/", reason="I have changed my mind.")
    assert wish["answer_by"] and (await maker.get(f"{path}/cancel-requests/"))["count"] == 1
    await maker.post(f"/cancel-requests/{wish['id']}/accept/")
    over = await client.get(f"{path}/")
    assert (over["status"], over["refunded_amount"], over["escrow"]) == ("cancelled", "60.00", "refunded")
    await eventually(books_hold)
