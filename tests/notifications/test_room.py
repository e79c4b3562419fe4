"""One's own notifications, live: snapshot + messages == a fresh snapshot."""

from collections.abc import AsyncIterator

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import NAMED, delete_notification, notify
from tests.factories import signed_in
from tests.factories.sockets import LiveServer, live_server

pytestmark = pytest.mark.usefixtures("tables")

URL = "/api/v1/notifications"


@pytest.fixture(scope="module")
async def rooms(app) -> AsyncIterator[LiveServer]:
    async with live_server(app) as running:
        yield running


async def tell(user, kind: Kind = Kind.OUTBID, times: int = 1, key: str = "") -> None:
    for _ in range(times):
        async with db.transaction():
            await notify(kind, Details(title="A watch", amount="1.00", currency="USD"), [user.id], key=key)


async def test_only_ones_own_room_opens(rooms):
    ann, hers = await signed_in()
    _, his = await signed_in()
    for headers, code in ((his, 4404), ({}, 4401)):
        async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as ws:
            assert await ws.closed() == code
    async with rooms.connect(f"/ws/notifications/{ann.id}", hers) as ws:
        assert (await ws.hear())["type"] == "snapshot"


async def test_the_snapshot_shows_what_is_unread_and_then_everything_new_arrives(rooms):
    ann, headers = await signed_in(language="zh")
    await tell(ann, times=2)
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as ws:
        snapshot = await ws.hear()
        assert snapshot["unread_count"] == 2 and len(snapshot["latest"]) == 2 and snapshot["seq"] == 2
        await tell(ann, Kind.PASSWORD_CHANGED)
        told = await ws.hear()
        assert told["seq"] == 3 and told["type"] == "notification" and told["unread_change"] == 1
        assert told["notification"]["title"] == "密码已修改" and told["notification"]["is_read"] is False


async def test_a_client_that_returns_gets_what_it_missed(rooms):
    ann, headers = await signed_in()
    await tell(ann, times=3)
    async with rooms.connect(f"/ws/notifications/{ann.id}/?since=1", headers) as ws:
        assert [(await ws.hear())["seq"] for _ in range(2)] == [2, 3]
        assert (await ws.hear()) == {"type": "resumed", "seq": 3}


async def test_reading_on_one_device_shows_on_the_other(rooms, client):
    ann, headers = await signed_in()
    await tell(ann, times=3)
    async with (
        rooms.connect(f"/ws/notifications/{ann.id}/", headers) as phone,
        rooms.connect(f"/ws/notifications/{ann.id}/", headers) as laptop,
    ):
        newest, middle, oldest = (n["id"] for n in (await phone.hear_a("snapshot"))["latest"])
        await laptop.hear_a("snapshot")
        await phone.say(type="mark_read", notification_id=newest, id="r1")
        answer = await phone.hear_a("marked_read")
        assert answer == {"id": "r1", "type": "marked_read", "marked": 1, "unread_count": 2}
        read = await laptop.hear()
        assert (read["type"], read["ids"], read["unread_change"]) == ("notifications_read", [newest], -1)
        await client.post(f"{URL}/{middle}/read/", headers=headers)
        assert (await laptop.hear())["ids"] == [middle]
        await client.delete(f"{URL}/{newest}/", headers=headers)
        gone = await laptop.hear()
        assert (gone["type"], gone["id"], gone["unread_change"]) == ("notification_deleted", newest, 0)
        await phone.say(type="mark_all_read")
        read = await laptop.hear()
        assert (read["ids"], read["unread_change"]) == ([oldest], -1)
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as again:
        assert (await again.hear())["unread_count"] == 0


async def test_a_message_that_marks_nothing_says_so(rooms):
    ann, headers = await signed_in()
    bob, _ = await signed_in()
    await tell(bob)
    theirs = await db.fetch_val("SELECT id FROM notifications")
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="mark_read")
        assert (await ws.hear())["errors"]["notification_id"]
        await ws.say(type="mark_read", notification_ids=[str(theirs), str(uuid7())])
        assert (await ws.hear())["marked"] == 0
        await ws.say(type="mark_read", notification_ids=[str(uuid7())] * 101)
        assert (await ws.hear())["code"] == "validation_error"
    assert await db.fetch_val("SELECT read_at FROM notifications") is None


async def test_messages_added_to_the_first_snapshot_make_the_last_one(rooms):
    """The law of live rooms, over a walk through everything that changes an inbox."""
    ann, headers = await signed_in()
    await tell(ann, times=2)
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as ws:
        snapshot = await ws.hear_a("snapshot")
        unread, inbox = snapshot["unread_count"], {n["id"]: n for n in snapshot["latest"]}
        await tell(ann, key="k", times=3)
        await ws.say(type="mark_read", notification_id=snapshot["latest"][0]["id"])
        await ws.hear_a("marked_read")
        await delete_notification(ann.id, await db.fetch_val("SELECT id FROM notifications WHERE dedupe_key = 'k'"))
        await tell(ann, key="k")
        last = await db.fetch_val("SELECT seq FROM live_rooms")
        while max(m.get("seq", 0) for m in ws.heard) < last:
            await ws.hear()
        for message in sorted((m for m in ws.heard[1:] if "seq" in m), key=lambda m: m["seq"]):
            unread += message["unread_change"]
            if message["type"] == "notification":
                inbox[message["notification"]["id"]] = message["notification"]
            elif message["type"] == "notification_deleted":
                del inbox[message["id"]]
            else:
                for read in message["ids"]:
                    inbox[read] |= {"is_read": True}
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as again:
        fresh = await again.hear()
    assert fresh["unread_count"] == unread
    assert {n["id"]: n | {"read_at": None} for n in fresh["latest"]} == inbox


async def test_reading_a_great_many_at_once_names_none_of_them(rooms):
    ann, headers = await signed_in()
    await db.execute(
        'INSERT INTO notifications (id, "user", type) SELECT gen_random_uuid(), $1, $2 FROM generate_series(0, $3)',
        ann.id, Kind.OUTBID.value, NAMED,
    )  # fmt: skip
    async with rooms.connect(f"/ws/notifications/{ann.id}/", headers) as ws:
        assert (await ws.hear_a("snapshot"))["unread_count"] == NAMED + 1
        await ws.say(type="mark_all_read")
        message = await ws.hear_a("notifications_read")
        assert message["ids"] is None and message["unread_change"] == -(NAMED + 1)
