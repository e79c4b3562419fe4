"""Monthly statements: exact sums, months that follow each other, files that are safe to open."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from marketplace.core import clock, db
from marketplace.payments import statements
from marketplace.payments.queries import statements as queries
from tests.factories import signed_in
from tests.factories.ledger import a_transfer, escrow_of, hold_ledger, post, wallet_of
from tests.factories.payouts import a_method, a_payout, cleared_of, pay_in

PATH = "/api/v1/wallet/statements/"


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_ledger()


async def at(moment: datetime, *deeds) -> None:
    """Let what these do have happened then. Entries cannot be changed: this goes past what refuses it."""
    last = await db.fetch_val("SELECT coalesce(max(id), 0) FROM ledger_entries")
    for deed in deeds:
        await deed
    async with db.transaction():
        for table in ("ledger_transfers", "ledger_entries"):
            await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        await db.execute(
            "UPDATE ledger_transfers SET event_at = $2, created_at = $2 WHERE id IN (SELECT transfer FROM ledger_entries WHERE id > $1)",
            last, moment,
        )  # fmt: skip
        await db.execute("UPDATE ledger_entries SET created_at = $2 WHERE id > $1", last, moment)
        for table in ("ledger_transfers", "ledger_entries"):
            await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")


def day(year, month, day, hour=12):
    return datetime(year, month, day, hour, tzinfo=UTC)


def spent(wallet, minor):
    return post(a_transfer((wallet, escrow_of(currency=wallet.currency), minor), reason="payment"))


async def a_year():
    """Somebody whose wallet was used in three months, on both sides of midnight."""
    user, headers = await signed_in(first_name="小明", last_name="王", language="zh")
    wallet = wallet_of(user.id)
    await at(day(2026, 7, 3), pay_in(wallet, 10_000))
    await at(day(2026, 7, 31, 23), spent(wallet, 2_500))
    await at(datetime(2026, 8, 1, tzinfo=UTC), spent(wallet, 1))
    await at(datetime(2026, 8, 31, 23, 59, 59, 999_999, tzinfo=UTC), spent(wallet, 99))
    await at(day(2026, 10, 15), spent(wallet, 400), pay_in(cleared_of(user.id), 7_000, reason="clear"))
    return user.id, headers


async def rows_of(client, headers, month, currency="USD"):
    params = {"month": month, "currency": currency, "format": "csv"}
    answer = await client.get(PATH, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="statement-{month}-{currency}.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_months_from_the_first_entry_to_this_one(client):
    user, headers = await a_year()
    await at(day(2026, 10, 1), pay_in(wallet_of(user, "JPY"), 500))
    months = (await client.get(PATH, headers=headers)).json()["data"]
    now = clock.now().strftime("%Y-%m")
    assert [one["month"] for one in months if one["currency"] == "USD"][-5:] == [
        "2026-11", "2026-10", "2026-09", "2026-08", "2026-07",
    ]  # fmt: skip
    assert {one["month"] for one in months if not one["is_over"]} == {now}
    only = (await client.get(PATH, headers=headers, params={"currency": "JPY"})).json()["data"]
    assert only[-1]["month"] == "2026-10" and {one["currency"] for one in only} == {"JPY"}
    _, nobody = await signed_in()
    assert (await client.get(PATH, headers=nobody)).json()["data"] == []


async def test_what_closes_a_month_opens_the_next_and_the_entries_are_the_difference(client):
    _, headers = await a_year()
    closing: dict[str, str] = {}
    for month, entries in (("2026-07", 2), ("2026-08", 2), ("2026-09", 0), ("2026-10", 2), ("2026-11", 0)):
        rows = await rows_of(client, headers, month)
        assert len([row for row in rows if row["amount"]]) == entries
        for account in {row["account"] for row in rows}:
            mine = [row for row in rows if row["account"] == account]
            assert (mine[0]["type"], mine[-1]["type"]) == ("opening_balance", "closing_balance")
            assert mine[0]["balance"] == closing.get(account, "0.00")
            balance = _cents(mine[0]["balance"])
            for row in mine[1:-1]:
                balance += _cents(row["amount"])
                assert balance == _cents(row["balance"])
            assert balance == _cents(mine[-1]["balance"])
            closing[account] = mine[-1]["balance"]
    assert closing == {"available": "70.00", "cleared_earnings": "70.00"}


def _cents(text: str) -> int:
    return round(float(text) * 100)


async def test_a_month_ends_at_midnight_in_utc(client):
    _, headers = await a_year()
    rows = await rows_of(client, headers, "2026-08")
    assert [row["amount"] for row in rows if row["amount"]] == ["-0.01", "-0.99"]


async def test_this_month_is_told_as_far_as_it_goes(client):
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id), 500)
    month = clock.now().strftime("%Y-%m")
    rows = await rows_of(client, headers, month)
    assert [row["amount"] for row in rows] == ["", "5.00", ""]
    until = datetime.fromisoformat(rows[-1]["date"])
    assert clock.now() - until < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("params", "status", "field"),
    [
        ({"month": "2026-13", "currency": "USD"}, 400, "month"),
        ({"month": "2026-1", "currency": "USD"}, 400, "month"),
        ({"month": "../../etc", "currency": "USD"}, 400, "month"),
        ({"month": "2026-07", "currency": 'USD"; x'}, 400, "currency"),
        ({"month": "2026-07"}, 400, "currency"),
        ({"format": "csv"}, 400, "month"),
        ({"month": "2026-07", "currency": "USD", "format": "doc"}, 400, "format"),
        ({"month": "2026-06", "currency": "USD"}, 404, None),
        ({"month": "2026-07", "currency": "EUR"}, 404, None),
        ({"month": "2999-01", "currency": "USD"}, 404, None),
        ({"month": "0000-01", "currency": "USD"}, 404, None),
    ],
)
async def test_statements_there_are_not(client, params, status, field):
    _, headers = await a_year()
    answer = await client.get(PATH, headers=headers, params=params)
    assert answer.status_code == status, answer.text
    assert list(answer.json()["errors"]) == ([field] if field else [])


async def test_statements_are_ones_own(client):
    await a_year()
    _, other = await signed_in()
    answer = await client.get(PATH, headers=other, params={"month": "2026-07", "currency": "USD"})
    assert (answer.status_code, answer.json()["code"]) == (404, "statement_not_found")


@pytest.mark.parametrize("label", ['=HYPERLINK("http://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "  =1+1"])
async def test_peoples_own_words_are_no_formula(client, label):
    user, headers = await signed_in()
    await pay_in(cleared_of(user.id), 1_000)
    await a_method(user.id, label=label)
    await a_payout(user.id)
    rows = await rows_of(client, headers, clock.now().strftime("%Y-%m"))
    [payout] = [row for row in rows if row["type"] == "payout"]
    assert payout["details"] == f"'{label} ••••ok" and payout["amount"] == "-10.00"


def test_ordinary_words_stay_as_they_are():
    assert [statements.safe(one) for one in ("My bank", "", "3-2", "a=b")] == ["My bank", "", "3-2", "a=b"]


async def pdf_of(client, headers, month):
    answer = await client.get(PATH, headers=headers, params={"month": month, "currency": "USD"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="statement-{month}-USD.pdf"'
    assert answer.headers["cache-control"] == "private, no-store"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


async def test_the_pdf_names_its_holder_in_their_own_script_and_adds_up(client):
    _, headers = await a_year()
    printed = await pdf_of(client, headers, "2026-07")
    assert "小明" in printed and "王" in printed and "账户对账单" in printed
    assert all(figure in printed for figure in ("100.00", "-25.00", "75.00", "2026-07-31 23:00"))
    assert "截至" not in printed


async def test_the_pdf_of_this_month_says_as_of_when(client):
    user, headers = await signed_in(language="en")
    await pay_in(wallet_of(user.id), 123_456_789)
    printed = await pdf_of(client, headers, clock.now().strftime("%Y-%m"))
    assert "As of" in printed and "1,234,567.89" in printed and "Account statement" in printed


async def test_what_is_too_long_to_print_is_written(client, monkeypatch):
    monkeypatch.setattr("marketplace.payments.controllers.wallet.MOST_PRINTED", 3)
    monkeypatch.setattr("marketplace.payments.controllers.wallet.MANY", 2)
    monkeypatch.setattr(queries, "BATCH", 3)
    user, headers = await signed_in()
    for n in range(10):
        await pay_in(wallet_of(user.id), 100 + n)
    month = clock.now().strftime("%Y-%m")
    answer = await client.get(PATH, headers=headers, params={"month": month, "currency": "USD"})
    assert (answer.status_code, answer.json()["code"]) == (422, "statement_too_long")
    assert answer.json()["details"] == {"entries": 10, "maximum": 3}
    rows = await rows_of(client, headers, month)
    assert [row["amount"] for row in rows if row["amount"]] == [f"{(100 + n) / 100:.2f}" for n in range(10)]


async def test_currencies_without_decimals(client):
    user, headers = await signed_in()
    await pay_in(wallet_of(user.id, "JPY"), 1_500)
    rows = await rows_of(client, headers, clock.now().strftime("%Y-%m"), "JPY")
    assert [row["balance"] for row in rows] == ["0", "1500", "1500"]
