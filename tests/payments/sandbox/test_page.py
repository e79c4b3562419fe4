"""The payer's page over HTTP, without a script: approve, decline, choose a card, come back."""

from urllib.parse import parse_qs, urlsplit

import pytest

from marketplace.payments.providers.base import State, Subject
from tests.payments.sandbox.paying import SANDBOX, a_charge, later, state_of, told

pytestmark = pytest.mark.usefixtures("tables")


async def opened(method: str = "pm_card_3ds", **over):
    """(our id, path, key) of a charge that waits for its payer."""
    said = await SANDBOX.create(a_charge(method, **over))
    parts = urlsplit(said.action_url)
    assert parts.scheme == "http" and parse_qs(parts.query)["key"] == [said.client_secret]
    return said.our_id, parts.path, said.client_secret


async def send(client, path, key, do, **more):
    return await client.post(path, data={"key": key, "do": do} | more)


async def test_the_page_shows_what_is_paid_and_asks(client):
    _, path, key = await opened()
    page = await client.get(path, params={"key": key})
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert "$25.00" in page.text and "Order ORD-20261120-ABC123" in page.text
    assert page.text.count("<button") == 2 and 'lang="en"' in page.text
    assert "script" not in page.text and "style=" not in page.text
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_it_speaks_chinese_to_who_reads_it(client):
    _, path, key = await opened()
    page = await client.get(path, params={"key": key}, headers={"accept-language": "zh-CN"})
    assert 'lang="zh"' in page.text and "沙盒支付" in page.text and "同意付款" in page.text


def test_both_languages_say_the_same_things():
    from marketplace.payments.providers.sandbox.words import WORDS

    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert {state.value for state in SANDBOX_STATES} <= WORDS["en"].keys()


SANDBOX_STATES = [
    State.REQUIRES_METHOD, State.REQUIRES_ACTION, State.PROCESSING, State.SUCCEEDED, State.FAILED, State.CANCELLED,
]  # fmt: skip


async def test_what_others_wrote_is_text_on_the_page(client):
    _, path, key = await opened(description='<script>alert(1)</script>"', return_url='https://shop.example/?a="><b>')
    page = await client.get(path, params={"key": key})
    await send(client, path, key, "approve")
    after = await client.get(path, params={"key": key})
    for text in (page.text, after.text):
        assert "<script" not in text and "&lt;script&gt;" in text and '"><b>' not in text


@pytest.mark.parametrize("key", ["", "nonsense", "é", "x" * 5_000])
async def test_without_its_secret_there_is_no_page(client, key):
    our_id, path, _ = await opened()
    assert (await client.get(path, params={"key": key})).status_code == 404
    for do in ("approve", "decline", "pay"):
        assert (await send(client, path, key, do, method="pm_card_ok")).status_code == 404
    assert (await client.get("/sandbox/pay/sbx_ch_0", params={"key": key})).status_code == 404
    assert (await client.get("/sandbox/pay/sbx_ch_0")).headers["content-type"] == "text/html; charset=utf-8"
    assert await state_of(Subject.CHARGE, our_id) == "requires_action"


async def test_approved_is_paid_and_the_payer_is_back_in_the_shop(client):
    our_id, path, key = await opened()
    answer = await send(client, path, key, "approve")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders/1")
    assert await state_of(Subject.CHARGE, our_id) == "succeeded"
    assert await later() == 0  # nobody waits for it any more
    for do in ("approve", "decline", "pay"):  # sent again, and changed one's mind
        assert (await send(client, path, key, do, method="pm_card_ok")).status_code == 303
    assert await state_of(Subject.CHARGE, our_id) == "succeeded"
    assert await told() == ["charge.requires_action", "charge.succeeded"]


async def test_declined_is_not_paid_and_another_card_may_be_tried(client):
    our_id, path, key = await opened()
    answer = await send(client, path, key, "decline")
    assert answer.headers["location"] == "/orders/1"
    said = await SANDBOX.fetch(Subject.CHARGE, our_id)
    assert (said.state, said.failure_code) == (State.REQUIRES_METHOD, "authentication_failed")
    page = await client.get(path, params={"key": key})
    assert "was not approved" in page.text and page.text.count('type="radio"') > 5
    declined = await send(client, path, key, "pay", method="pm_card_insufficient_funds")
    assert declined.headers["location"] == f"{path}?key={key}"
    assert "too little money" in (await client.get(declined.headers["location"])).text
    paid = await send(client, path, key, "pay", method="pm_card_ok")
    assert paid.headers["location"] == "/orders/1"
    assert await state_of(Subject.CHARGE, our_id) == "succeeded"


async def test_a_page_elsewhere_is_reached_by_a_link_for_a_form_may_not_lead_there(client):
    _, path, key = await opened(return_url="https://shop.example/orders/1?a=1&b=2")
    answer = await send(client, path, key, "approve")
    assert answer.headers["location"] == f"{path}?key={key}"
    page = await client.get(answer.headers["location"])
    assert 'content="3; url=https://shop.example/orders/1?a=1&amp;b=2"' in page.text
    assert 'href="https://shop.example/orders/1?a=1&amp;b=2"' in page.text


async def test_an_address_of_ours_is_gone_to_at_once(client, configure):
    configure(public_url="http://test")
    _, path, key = await opened(return_url="http://test/orders/2")
    assert (await send(client, path, key, "approve")).headers["location"] == "http://test/orders/2"


async def test_a_code_is_approved_on_the_phone_which_does_not_go_to_the_shop(client):
    our_id, path, key = await opened("pm_wallet_qr")
    answer = await send(client, path, key, "approve")
    assert answer.headers["location"] == f"{path}?key={key}"
    page = await client.get(answer.headers["location"])
    assert "Paid. Thank you." in page.text and "/orders/1" not in page.text
    assert await state_of(Subject.CHARGE, our_id) == "succeeded"
    our_id, path, key = await opened("pm_wallet_qr")
    await send(client, path, key, "decline")
    said = await SANDBOX.fetch(Subject.CHARGE, our_id)
    assert (said.state, said.failure_code) == (State.FAILED, "authentication_failed")


async def test_without_a_method_the_payer_chooses_one(client):
    our_id, path, key = await opened("")
    page = await client.get(path, params={"key": key})
    assert 'value="pm_card_ok"' in page.text and "pm_card_lost_reply" not in page.text
    assert (await send(client, path, key, "pay", method="pm_nonsense")).status_code == 404
    asked = await send(client, path, key, "pay", method="pm_card_3ds")
    assert asked.headers["location"] == f"{path}?key={key}"
    await send(client, path, key, "approve")
    assert await state_of(Subject.CHARGE, our_id) == "succeeded"


@pytest.mark.parametrize("body", [b"", b"do=approve", b"\xff\xfe", b"a=1&" * 100, b"do=nothing&key=x"])
async def test_a_form_that_is_none_changes_nothing(client, body):
    our_id, path, _ = await opened()
    answer = await client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 404
    assert await state_of(Subject.CHARGE, our_id) == "requires_action"


async def test_where_there_is_no_sandbox_there_is_no_page(client, configure):
    _, path, key = await opened()
    configure(sandbox_payments="off")
    assert (await client.get(path, params={"key": key})).status_code == 404
    assert (await send(client, path, key, "approve")).status_code == 404
