"""Notifications by mail: in the reader's language, once, and only to an address that is theirs."""

import email
from datetime import timedelta
from email.policy import default

import pytest

from marketplace.core import clock, db, jobs, mail, outbox
from marketplace.core.ids import uuid7
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import LETTERS, notify
from marketplace.notifications.texts import words
from tests.factories import a_user

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def letters(monkeypatch, tmp_path):
    import msgspec

    from marketplace.core.config import settings

    configured = msgspec.structs.replace(settings(), smtp_host="", home=str(tmp_path))
    monkeypatch.setattr(mail, "settings", lambda: configured)
    outbox.use_job_pusher(jobs.run_inline)

    async def sent():
        await outbox.drain()
        files = sorted((tmp_path / "mail").glob("*.eml")) if (tmp_path / "mail").exists() else []
        return [email.message_from_bytes(file.read_bytes(), policy=default) for file in files]

    yield sent
    outbox.use_job_pusher(None)


async def test_a_letter_speaks_the_language_of_its_reader(letters):
    ann = await a_user(first_name="Ann")
    li = await a_user(first_name="李", language="zh")
    auction = uuid7()
    async with db.transaction():
        await notify(
            Kind.OUTBID, Details(auction_id=auction, title="A watch", amount="61.00", currency="USD"), [ann.id, li.id]
        )
    by_reader = {letter["To"]: letter for letter in await letters()}
    hers, his = by_reader[ann.email], by_reader[li.email]
    text = hers.get_body(("plain",)).get_content()
    assert hers["Subject"] == "You have been outbid" and "Hello Ann" in text and f"/#/auction/{auction}" in text
    assert "$61.00" in text and "settings" in text
    assert his["Subject"] == "您的出价已被超过" and "李，您好" in his.get_body(("plain",)).get_content()


async def test_a_hot_auction_is_one_letter_until_it_is_read(letters):
    ann = await a_user()
    for _ in range(5):
        async with db.transaction():
            await notify(Kind.OUTBID, Details(title="A watch"), [ann.id], key="outbid:1")
    assert len(await letters()) == 1


async def test_an_address_nobody_has_verified_gets_no_letters(letters):
    ann = await a_user(email_verified_at=None)
    async with db.transaction():
        await notify(Kind.PASSWORD_CHANGED, Details(), [ann.id])
    assert await letters() == []


async def test_many_letters_are_written_in_portions():
    people = [uuid7() for _ in range(LETTERS + 1)]
    await db.execute(
        "INSERT INTO users (id, email, username, password_hash, email_verified_at) "
        "SELECT id, id || '@example.com', left(replace(id::text, '-', ''), 32), '!', now() FROM unnest($1::uuid[]) AS id",
        people,
    )
    async with db.transaction():
        await notify(Kind.AUCTION_CANCELLED, Details(title="A watch"), people)
    assert await db.fetch_val("SELECT count(*) FROM outbox WHERE kind = 'letters_wanted'") == 2


async def test_a_title_cannot_smuggle_headers_or_markup_into_a_letter(letters):
    ann = await a_user()
    async with db.transaction():
        await notify(Kind.AUCTION_CANCELLED, Details(title="<b>x</b>\r\nBcc: evil@example.com"), [ann.id])
    [letter] = await letters()
    assert letter["Bcc"] is None and letter["To"] == ann.email
    assert "<b>x</b>" not in letter.get_body(("html",)).get_content()


async def test_an_unread_notice_that_becomes_other_news_is_a_letter_again(letters):
    """Bids on a lot are one quiet line to its seller; that it was sold is mailed, also while that line is unread."""
    sam = await a_user()
    for kind in (Kind.BID_RECEIVED, Kind.BID_RECEIVED, Kind.LOT_SOLD, Kind.LOT_SOLD):
        async with db.transaction():
            await notify(
                kind, Details(title="A watch", amount="61.00", currency="USD", count=2), [sam.id], key="bids:1"
            )
    assert [letter["Subject"] for letter in await letters()] == ["Sold"]


@pytest.mark.parametrize(
    "reason", ["deleted by its seller", "removed by staff", "The seller's account was banned.", "The seller has left."]
)
def test_our_own_reasons_are_said_in_the_language_of_the_reader(reason):
    said = words(Kind.AUCTION_CANCELLED, Details(title="W", reason=reason), "zh")[1]
    assert said.isascii() is False and not any(
        letter.isascii() and letter.isalpha() for letter in said.replace("W", "")
    )


async def test_late_news_that_has_been_overtaken_is_no_letter(letters):
    ann = await a_user()
    now = clock.now()
    for kind, at in ((Kind.AUCTION_LOST, now), (Kind.OUTBID, now - timedelta(seconds=5))):
        async with db.transaction():
            await notify(kind, Details(title="A watch"), [ann.id], key="outbid:1", at=at)
    assert await letters() == []
