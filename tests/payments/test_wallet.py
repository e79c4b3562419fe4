"""The wallet: balances, what came in and went out, and money that leaves it."""

import json

import pytest

from marketplace.core import cursors, db
from marketplace.core.cursors import Cursor
from marketplace.ledger.service.posting import hold, post_many
from marketplace.payments.queries.wallet import TRANSACTIONS, transactions_statement
from tests.factories import a_user, signed_in
from tests.factories.accounts import bearer
from tests.factories.ledger import SANDBOX, a_transfer, escrow_of, hold_invariants, wallet_of
from tests.factories.payouts import (
    a_method,
    a_payout,
    an_earner,
    cleared_of,
    owe,
    pay_in,
    pending_of,
    where_it_is,
    work_off,
)
from tests.statements import statements

API = "/api/v1"


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def rich():
    """A user with something in every pocket."""
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id), 10_000)
    await hold(a_transfer((wallet_of(user.id), escrow_of(), 1_500)))
    await pay_in(pending_of(user.id), 4_000, reason="release")
    await pay_in(cleared_of(user.id), 3_000, reason="clear")
    await owe(user.id, 200)
    await pay_in(wallet_of(user.id, "JPY"), 700)
    return user.id, headers


async def transactions(client, headers, **params):
    answer = await client.get(f"{API}/wallet/transactions/", headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_balances_by_currency(client):
    user, headers = await rich()
    await a_method(user)
    await a_payout(user, 1_000)  # settles the debt of 2.00 first
    found = (await client.get(f"{API}/wallet/", headers=headers)).json()["data"]
    assert found == {
        "balances": [
            {
                "currency": "JPY", "available": "700", "held": "0", "pending_earnings": "0", "cleared_earnings": "0",
                "owed": "0", "underway": "0",
            },
            {
                "currency": "USD", "available": "85.00", "held": "15.00", "pending_earnings": "40.00",
                "cleared_earnings": "18.00", "owed": "0.00", "underway": "10.00",
            },
        ]
    }  # fmt: skip
    _, nobody = await signed_in()
    assert (await client.get(f"{API}/wallet/", headers=nobody)).json()["data"] == {"balances": []}


async def test_a_debt_shows_as_what_is_owed(client):
    user, headers = await signed_in()
    await owe(user.id, 1_234)
    [found] = (await client.get(f"{API}/wallet/", headers=headers)).json()["data"]["balances"]
    assert found["owed"] == "12.34"


async def test_every_entry_is_told_in_plain_words_with_the_balance_after_it(client):
    user, headers = await rich()
    await a_method(user)
    payout = await a_payout(user, 1_000)
    found = (await transactions(client, headers, currency="USD"))["data"]["results"]
    words = [(one["type"], one["pocket"], one["amount"], one["balance"]) for one in found]
    assert sorted(words[:3]) == [
        ("debt", "cleared_earnings", "-2.00", "28.00"),
        ("debt", "owed", "2.00", "0.00"),
        ("payout", "cleared_earnings", "-10.00", "18.00"),
    ]
    assert words[3:] == [
        ("refund", "owed", "-2.00", "-2.00"),
        ("clearing", "cleared_earnings", "30.00", "30.00"),
        ("earning", "pending_earnings", "40.00", "40.00"),
        ("deposit", "available", "100.00", "100.00"),
    ]
    assert {one["payout_id"] for one in found[:3]} == {str(payout)}


async def test_they_are_ones_own(client):
    await rich()
    _, other = await signed_in()
    assert (await transactions(client, other))["data"]["count"] == 0


async def test_filters(client):
    _, headers = await rich()

    async def kinds(**params):
        return [one["type"] for one in (await transactions(client, headers, **params))["data"]["results"]]

    assert await kinds(type="deposit", currency="USD") == ["deposit"]
    assert sorted(await kinds(type="earning,refund")) == ["earning", "refund"]
    assert await kinds(pocket="owed") == ["refund"]
    assert await kinds(type="other") == []
    assert await kinds(date_before="2020-01-01") == []
    assert len(await kinds(date_after="2020-01-01")) == 5
    refused = await client.get(f"{API}/wallet/transactions/", headers=headers, params={"type": "gift"})
    assert refused.status_code == 400 and "deposit" in refused.json()["errors"]["type"][0]


@pytest.mark.parametrize("ordering", ["-created_at", "created_at"])
async def test_pages_follow_each_other_without_a_gap_across_pockets(client, ordering):
    user, headers = await signed_in()
    for n in range(7):
        await pay_in(wallet_of(user.id), 100 + n)
        await pay_in(cleared_of(user.id), 200 + n, reason="clear")
    everything = [one["id"] for one in (await transactions(client, headers, ordering=ordering))["data"]["results"]]
    assert len(everything) == 14
    paged, cursor = [], ""
    while cursor is not None:
        page = await transactions(client, headers, ordering=ordering, cursor=cursor, page_size=4)
        paged += [one["id"] for one in page["data"]["results"]]
        cursor, last = page["meta"]["next_cursor"], page
    assert paged == everything
    back = (await client.get(last["data"]["previous"], headers=headers)).json()
    assert [one["id"] for one in back["data"]["results"]] == everything[8:12]
    numbered = await transactions(client, headers, ordering=ordering, page=2, page_size=4)
    assert [one["id"] for one in numbered["data"]["results"]] == everything[4:8]
    assert numbered["data"]["count"] == 14


async def rows_read(query, user_id):
    """The most rows that any step of the statement came by."""
    statement, values = transactions_statement(query, user_id)
    [row] = await db.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    most, steps = 0, [json.loads(row[0])[0]["Plan"]]
    while steps:
        step = steps.pop()
        steps += step.get("Plans", [])
        most = max(most, (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"])
    return most


async def test_a_page_in_the_middle_of_many_entries_reads_no_more_than_the_first(client):
    user, headers = await signed_in()
    wallet, cleared = wallet_of(user.id), cleared_of(user.id)
    for _ in range(10):
        await post_many([a_transfer((SANDBOX, target, 1)) for target in (wallet, cleared) for _ in range(500)])
    await db.execute("ANALYZE ledger_entries, ledger_accounts, ledger_transfers")
    middle = await db.fetch_val("SELECT created_at FROM ledger_entries ORDER BY id OFFSET 10000 LIMIT 1")
    url = "http://test/x"
    first = TRANSACTIONS.parse([], url)
    deep = TRANSACTIONS.parse([("cursor", cursors.write(Cursor((str(middle), "1")), first.context))], url)
    dated = TRANSACTIONS.parse([("date_before", middle.isoformat())], url)
    for query in (first, deep, dated):
        assert await rows_read(query, user.id) < 2_500  # batches have one moment: of a few of those, and of 10,000
    async with statements() as made:
        page = await transactions(client, headers)
    assert page["data"]["count"] == 1_000 and page["meta"]["count_capped"] is True
    assert len([one for one in made if "ledger_entries" in one]) == 1


async def test_a_withdrawal_is_a_payout_of_the_wallet(client):
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id), 5_000)
    await a_method(user.id)
    body = {"amount": "20.00", "currency": "USD"}
    keyed = headers | {"Idempotency-Key": "once"}
    first = await client.post(f"{API}/wallet/withdraw/", headers=keyed, json=body)
    assert first.status_code == 201, first.text
    again = await client.post(f"{API}/wallet/withdraw/", headers=keyed, json=body)
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    payout = first.json()["data"]
    assert (payout["source"], payout["amount"], payout["status"]) == ("wallet", "20.00", "requested")
    assert payout["method"]["destination"] == "••••ok" and payout["can_be_cancelled"] is True
    await work_off()
    shown = (await client.get(f"{API}/payouts/{payout['id']}/", headers=headers)).json()["data"]
    assert shown["status"] == "paid" and [step["by"] for step in shown["history"]] == ["you", "service", "service"]
    assert (await where_it_is(user.id))[2] == 2_000


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"amount": "0.999", "currency": "USD"}, 400, "validation_error", "amount"),
        ({"amount": "1", "currency": "XXQ"}, 400, "validation_error", "currency"),
        ({"amount": "50.01", "currency": "USD"}, 409, "insufficient_funds", None),
        ({"amount": "0.50", "currency": "USD"}, 422, "below_minimum", "amount"),
        ({"currency": "USD"}, 400, "validation_error", "amount"),
        ({"amount": "1", "currency": "EUR"}, 409, "nothing_to_pay_out", None),
        (
            {"amount": "1", "currency": "USD", "payout_method_id": "00000000-0000-7000-8000-000000000000"},
            404, "payout_method_not_found", None,
        ),
    ],
)  # fmt: skip
async def test_withdrawals_that_are_refused(client, body, status, code, field):
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id), 5_000)
    await a_method(user.id)
    answer = await client.post(f"{API}/wallet/withdraw/", headers=headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert list(answer.json()["errors"]) == ([field] if field else [])


async def test_payouts_over_http(client):
    user = await an_earner(10_000)
    headers = await bearer(user)
    asked = await client.post(f"{API}/payouts/request/", headers=headers, json={"currency": "USD", "amount": "30"})
    assert asked.status_code == 201, asked.text
    first = asked.json()["data"]["id"]
    cancelled = await client.post(f"{API}/payouts/{first}/cancel/", headers=headers)
    assert cancelled.status_code == 200 and cancelled.json()["data"]["status"] == "cancelled"
    again = await client.post(f"{API}/payouts/{first}/cancel/", headers=headers)
    assert again.status_code == 409 and again.json()["code"] == "illegal_transition"
    everything = await client.post(f"{API}/payouts/request/", headers=headers, json={"currency": "USD"})
    assert everything.json()["data"]["amount"] == "100.00"
    found = (await client.get(f"{API}/payouts/", headers=headers, params={"status": "requested"})).json()["data"]
    assert [one["id"] for one in found["results"]] == [everything.json()["data"]["id"]]
    assert (await client.get(f"{API}/payouts/", headers=await bearer((await a_user()).id))).json()["data"]["count"] == 0
