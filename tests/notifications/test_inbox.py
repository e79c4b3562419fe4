"""The inbox over HTTP: only one's own, in one's language, in one statement."""

from uuid import UUID

import pytest

from marketplace.accounts.tables import User
from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import CATEGORY, DEFAULTS, Kind
from marketplace.notifications.service import notify
from marketplace.notifications.tables import Notification
from marketplace.notifications.texts import TEXTS, words
from tests.factories import a_user, signed_in
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")

URL = "/api/v1/notifications"
WATCH = Details(auction_id=uuid7(), title="A watch", amount="61.00", currency="USD", count=3)


async def tell(*people: User | UUID, kind: Kind = Kind.OUTBID, details: Details = WATCH, key: str = "") -> None:
    async with db.transaction():
        await notify(kind, details, [p.id if isinstance(p, User) else p for p in people], key=key)


async def inbox(client, headers, **query):
    answer = await client.get(f"{URL}/", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["results"]


def test_every_type_has_a_category_channels_and_words_in_both_languages():
    assert set(CATEGORY) == set(DEFAULTS) == set(TEXTS) == set(Kind)
    for kind in Kind:
        for language in ("en", "zh"):
            title, message = words(kind, WATCH, language)
            assert title and message and "{" not in message
        assert set(TEXTS[kind]) == {"en", "zh"}


async def test_a_notification_is_shown_in_the_readers_language(client):
    ann, hers = await signed_in()
    li, his = await signed_in(language="zh")
    await tell(ann, li)
    [english] = await inbox(client, hers)
    assert english["type"] == "outbid" and english["category"] == "auctions" and not english["is_read"]
    assert english["title"] == "You have been outbid"
    assert english["message"] == "Someone bid more on “A watch”. The price is now $61.00."
    assert english["data"] == {
        "auction_id": str(WATCH.auction_id), "title": "A watch", "amount": "61.00", "currency": "USD", "count": 3,
    }  # fmt: skip
    [chinese] = await inbox(client, his)
    assert chinese["title"] == "您的出价已被超过" and "US$61.00" in chinese["message"]


async def test_titles_of_others_cannot_break_the_words(client):
    ann, headers = await signed_in()
    await tell(ann, details=Details(title="{0} {amount!r} %s {title.__class__}", amount="1.00", currency="EUR"))
    [told] = await inbox(client, headers)
    assert "{0} {amount!r} %s {title.__class__}" in told["message"]


async def test_the_inbox_is_newest_first_filtered_and_paged_by_cursor_in_one_statement(client):
    ann, headers = await signed_in()
    for _ in range(3):
        await tell(ann)
    await tell(ann, kind=Kind.PASSWORD_CHANGED, details=Details())
    everything = await inbox(client, headers)
    assert [n["type"] for n in everything] == ["password_changed", "outbid", "outbid", "outbid"]
    assert len(await inbox(client, headers, type="outbid")) == 3
    assert len(await inbox(client, headers, category="security")) == 1
    assert await inbox(client, headers, is_read="true") == []
    answer = (await client.get(f"{URL}/", headers=headers, params={"cursor": "", "page_size": 3})).json()
    rest = await inbox(client, headers, cursor=answer["meta"]["next_cursor"], page_size=3)
    assert [n["id"] for n in answer["data"]["results"] + rest] == [n["id"] for n in everything]
    async with statements() as made:
        await inbox(client, headers)
    assert len([s for s in made if "notifications" in s]) == 1
    refused = await client.get(f"{URL}/", headers=headers, params={"colour": "red"})
    assert refused.status_code == 400 and "Known:" in refused.json()["errors"]["colour"][0]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reading_one_counts_once(client, method):
    ann, headers = await signed_in()
    await tell(ann)
    await tell(ann)
    assert (await client.get(f"{URL}/unread-count/", headers=headers)).json()["data"] == {"unread_count": 2}
    [first, second] = await inbox(client, headers)
    for _ in range(2):
        answer = await client.request(method, f"{URL}/{first['id']}/read/", headers=headers)
        assert answer.status_code == 200 and answer.json()["data"]["is_read"]
    unread = await client.get(f"{URL}/unread/", headers=headers)
    assert [n["id"] for n in unread.json()["data"]["results"]] == [second["id"]]
    assert (await client.get(f"{URL}/unread-count", headers=headers)).json()["data"] == {"unread_count": 1}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reading_all(client, method):
    (ann, headers), bob = await signed_in(), await a_user()
    await tell(ann, bob)
    await tell(ann, bob)
    answer = await client.request(method, f"{URL}/read-all/", headers=headers)
    assert answer.status_code == 200 and answer.json()["data"] == {"marked": 2, "unread_count": 0}
    again = await client.request(method, f"{URL}/read-all", headers=headers)
    assert again.json()["data"] == {"marked": 0, "unread_count": 0}
    assert await Notification.count().where(Notification.read_at.is_null(), Notification.user == bob.id) == 2


async def test_deleting_one(client):
    ann, headers = await signed_in()
    await tell(ann)
    [told] = await inbox(client, headers)
    answer = await client.delete(f"{URL}/{told['id']}/", headers=headers)
    assert answer.status_code == 204 and answer.content == b""
    assert (await client.delete(f"{URL}/{told['id']}/", headers=headers)).status_code == 404
    assert await inbox(client, headers) == []


async def test_nobody_sees_or_touches_the_inbox_of_another(client):
    ann, hers = await signed_in()
    _, his = await signed_in()
    await tell(ann)
    [told] = await inbox(client, hers)
    assert await inbox(client, his) == []
    for method, path in (("POST", "/read/"), ("PUT", "/read/"), ("DELETE", "/")):
        refused = await client.request(method, f"{URL}/{told['id']}{path}", headers=his)
        assert refused.status_code == 404 and refused.json()["code"] == "not_found"
    assert len(await inbox(client, hers, is_read="false")) == 1
    for path in ("/", "/unread/", "/unread-count/", "/settings/"):
        assert (await client.get(URL + path)).status_code == 401


async def test_more_of_the_same_joins_the_line_that_is_unread(client):
    ann, headers = await signed_in()
    for amount in ("61.00", "62.00", "63.00"):
        await tell(ann, details=Details(title="A watch", amount=amount, currency="USD"), key="outbid:1")
    await tell(ann, key="outbid:2")
    [other, line] = await inbox(client, headers)
    assert other["occurrences"] == 1
    assert line["occurrences"] == 3 and "63.00" in line["message"] and line["happened_at"] > line["created_at"]
    await client.post(f"{URL}/{line['id']}/read/", headers=headers)
    await tell(ann, key="outbid:1")
    assert [n["occurrences"] for n in await inbox(client, headers, is_read="false")] == [1, 1]


async def test_a_thousand_inboxes_take_as_many_statements_as_one():
    people = [uuid7() for _ in range(1000)]
    await db.execute(
        "INSERT INTO users (id, email, username, password_hash, email_verified_at) "
        "SELECT id, id || '@example.com', left(replace(id::text, '-', ''), 32), '!', now() FROM unnest($1::uuid[]) AS id",
        people,
    )
    async with statements() as one:
        await tell(people[0], kind=Kind.AUCTION_ENDING_SOON)
    async with statements() as many:
        await tell(*people, kind=Kind.AUCTION_ENDING_SOON)
    assert len(many) == len(one) == 2
    assert await Notification.count() == 1001
    assert await db.fetch_val("SELECT count(*) FROM live_messages") == 1001


async def test_the_banned_and_the_unknown_are_told_nothing():
    ann = await a_user(status="banned")
    await tell(ann.id, uuid7())
    assert await Notification.count() == 0


async def test_a_rolled_back_notification_was_never_told():
    ann = await a_user()
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await notify(Kind.OUTBID, WATCH, [ann.id])
            raise RuntimeError
    assert await Notification.count() == 0 and await outbox.drain() == 0
