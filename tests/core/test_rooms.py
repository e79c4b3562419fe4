"""The room protocol, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest
import websockets
from litestar import websocket
from litestar.params import FromPath
from msgspec import Struct

from marketplace.accounts.sockets import serve
from marketplace.accounts.tickets import _hash, issue_ticket, redeem_ticket
from marketplace.accounts.tokens import read_access_token
from marketplace.accounts.viewer import Viewer
from marketplace.core import db, live, rooms, sockets
from marketplace.core.channels import LiveChannels
from marketplace.core.config import settings
from marketplace.core.errors import Conflict, NotFound, NotSignedIn
from marketplace.core.order import FILL
from marketplace.core.rooms import Room, Said
from marketplace.core.sockets import Socket
from tests.eventually import eventually
from tests.factories import a_user, bearer, signed_in
from tests.factories.sockets import LiveServer, LiveSocket, live_server


class Lines(Struct, tag="snapshot", frozen=True):
    lines: list[str]


class Line(Struct, tag="line", frozen=True):
    text: str


class Heard(Struct, tag="heard", frozen=True):
    text: str


class Speak(Said, tag="speak", frozen=True):
    text: str


class Break(Said, tag="break", frozen=True):
    pass


taken: list[str] = []


async def snapshot(name: str) -> Lines:
    taken.append(name)
    rows = await db.fetch("SELECT body FROM live_messages WHERE room = $1 AND to_user IS NULL ORDER BY seq", name)
    return Lines([row["body"] for row in rows])


async def hear(name: str, visitor: Viewer | None, message: Speak | Break) -> Heard | None:
    if isinstance(message, Break):
        raise RuntimeError("broken")
    if visitor is None:
        raise NotSignedIn
    if message.text == "no":
        raise Conflict("Not that.", better="yes")
    async with db.transaction():
        await live.post(name, Line(message.text))
    return Heard(message.text)


@websocket("/ws/test-room/{name:str}")
async def a_room(socket: Socket, name: FromPath[str]) -> None:
    async def enter(visitor: Viewer | None) -> Room:
        if name == "missing":
            raise NotFound
        return Room(
            name=name, snapshot=partial(snapshot, name), hears=Speak | Break,
            hear=partial(hear, name, visitor), presence=name == "crowd", shared=name != "alone",
        )  # fmt: skip

    await serve(socket, enter)


@pytest.fixture(scope="session")
async def server(app) -> AsyncIterator[LiveServer]:
    app.register(a_room)
    async with live_server(app) as running:
        yield running


pytestmark = pytest.mark.usefixtures("tables")


async def tell(room: str, *texts: str, **options) -> None:
    async with db.transaction():
        await live.post(room, *(Line(text) for text in texts), **options)


async def test_a_room_begins_with_a_snapshot_and_goes_on_with_what_is_said(server):
    await tell("r", "a")
    async with server.connect("/ws/test-room/r/") as ws:
        first = await ws.hear()
        assert first["type"] == "snapshot" and first["seq"] == 1 and len(first["lines"]) == 1
        await tell("r", "b", "c")
        assert await ws.hear() == {"seq": 2, "type": "line", "text": "b"}
        assert await ws.hear() == {"seq": 3, "type": "line", "text": "c"}


async def test_a_private_message_reaches_its_user_only_and_leaves_no_hole_for_others(server):
    ann, bob = await a_user(), await a_user()
    async with (
        server.connect("/ws/test-room/r/", await bearer(ann.id)) as hers,
        server.connect("/ws/test-room/r/", await bearer(bob.id)) as his,
        server.connect("/ws/test-room/r/") as spectator,
    ):
        for ws in (hers, his, spectator):
            await ws.hear_a("snapshot")
        await tell("r", "for ann", to_user=ann.id)
        await tell("r", "for all")
        assert [(await hers.hear())["text"], (await hers.hear())["text"]] == ["for ann", "for all"]
        assert await his.hear() == {"seq": 2, "type": "line", "text": "for all"}
        assert await spectator.hear() == {"seq": 2, "type": "line", "text": "for all"}
    async with server.connect("/ws/test-room/r/?since=0", await bearer(bob.id)) as again:
        assert [await again.hear(), await again.hear()] == [
            {"seq": 2, "type": "line", "text": "for all"}, {"type": "resumed", "seq": 2},
        ]  # fmt: skip


async def test_a_client_that_returns_gets_what_it_missed_in_order(server):
    await tell("r", "a", "b", "c")
    async with server.connect("/ws/test-room/r/?since=1") as ws:
        assert [m["text"] for m in (await ws.hear(), await ws.hear())] == ["b", "c"]
        assert await ws.hear() == {"type": "resumed", "seq": 3}
        await tell("r", "d")
        assert (await ws.hear())["text"] == "d"


@pytest.mark.parametrize("since", [0, FILL * 4])
async def test_a_client_that_missed_too_much_or_knows_the_future_starts_over(server, since):
    await tell("r", *map(str, range(FILL + 1)))
    async with server.connect(f"/ws/test-room/r/?since={since}") as ws:
        assert await ws.hear() == {"type": "resync"}
        snapshot = await ws.hear()
        assert snapshot["type"] == "snapshot" and snapshot["seq"] == FILL + 1 == len(snapshot["lines"])


async def test_messages_cleaned_away_are_not_passed_over_in_silence(server):
    await tell("r", "a", "b", "c")
    await db.execute("DELETE FROM live_messages WHERE seq = 2")
    async with server.connect("/ws/test-room/r/?since=1") as ws:
        assert (await ws.hear())["type"] == "resync"


async def test_what_was_committed_but_never_published_arrives_all_the_same(server, monkeypatch):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        with monkeypatch.context() as crash:
            crash.setattr(live, "_say", None)  # the process dies between commit and publish
            await tell("r", "a", "b")
        assert [(await ws.hear())["seq"], (await ws.hear())["seq"]] == [1, 2]
        await tell("r", "c")
        assert (await ws.hear())["seq"] == 3


async def test_a_hole_is_filled_before_what_comes_after_it(server, monkeypatch):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        with monkeypatch.context() as crash:
            crash.setattr(live, "_say", None)
            await tell("r", "a", "b")
        await tell("r", "c")
        assert [(await ws.hear())["seq"] for _ in range(3)] == [1, 2, 3]


async def test_a_room_whose_numbers_began_again_gives_a_new_snapshot(server):
    await tell("r", "a", "b")
    async with server.connect("/ws/test-room/r/") as ws:
        assert (await ws.hear())["seq"] == 2
        await db.execute("TRUNCATE live_rooms, live_messages")  # a database restored from an older backup
        await tell("r", "c")
        await ws.hear_a("resync")
        assert (await ws.hear())["seq"] == 1


async def test_a_client_that_does_not_read_misses_nothing_and_holds_up_nobody(server):
    words = "x" * 20_000
    async with server.connect("/ws/test-room/r/", max_queue=1) as slow, server.connect("/ws/test-room/r/") as quick:
        await quick.hear_a("snapshot")
        for i in range(40):
            await tell("r", *(f"{i} {words}" for _ in range(10)))
            assert [(await quick.hear())["seq"] for _ in range(10)] == list(range(i * 10 + 1, i * 10 + 11))
        last, resynced = -1, False
        while last < 400:
            message = await slow.hear()
            if message["type"] == "resync":
                resynced = True
            elif message["type"] == "snapshot":
                last = message["seq"]
            else:
                assert message["seq"] == last + 1
                last = message["seq"]
        assert last == 400 or resynced


async def test_what_a_client_says_is_answered_with_its_id(server):
    _, headers = await signed_in()
    async with server.connect("/ws/test-room/r/", headers) as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="speak", text="hello", id="m1")
        answers = [await ws.hear(), await ws.hear()]
        assert {"id": "m1", "type": "heard", "text": "hello"} in answers
        assert {"seq": 1, "type": "line", "text": "hello"} in answers
        await ws.say(type="ping", id="p")
        pong = await ws.hear()
        assert pong["id"] == "p" and pong["type"] == "pong" and pong["at"].endswith("Z")
        await ws.say(type="speak", text="no", id="m2")
        assert await ws.hear() == {
            "type": "error", "id": "m2", "code": "conflict", "message": "Not that.", "details": {"better": "yes"},
        }  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    ["", "{", "null", "[]", '"ping"', '{"type":"shout"}', '{"type":"speak"}', '{"type":"speak","text":5}',
     '{"type":"speak","text":"a","more":1}', '{"text":"a"}', '{"type":"ping","id":7}', "[" * 5000, '{"type":"ping","id":7,', '{"type":7, ]'],
)  # fmt: skip
async def test_nonsense_is_refused_in_words_and_the_socket_stays(server, raw):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        await ws.connection.send(raw)
        refusal = await ws.hear()
        assert refusal["type"] == "error" and refusal["code"] == "validation_error" and refusal["errors"]
        await ws.say(type="ping")
        assert (await ws.hear())["type"] == "pong"


async def test_a_refused_message_is_named_by_its_id(server):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="speak", id="m9")
        refusal = await ws.hear()
        assert refusal["id"] == "m9" and refusal["errors"] == {"text": ["This field is required."]}


async def test_binary_messages_are_refused_too(server):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        await ws.connection.send(b"\x00\xff")
        assert (await ws.hear())["type"] == "error"


async def test_a_bug_of_ours_is_an_error_message_without_details(server):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="break", id="b")
        refusal = await ws.hear()
        assert refusal["code"] == "internal_error" and refusal["id"] == "b" and "broken" not in str(refusal)


async def test_who_sends_too_much_is_told_and_then_closed(server, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_REFUSED", 5)
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        for _ in range(int(rooms.BURST) + 60):
            await ws.say(type="ping")
        assert await ws.closed() == 4429
        kinds = [(m["type"], m.get("code")) for m in ws.heard[1:]]
        assert kinds[: int(rooms.BURST)] == [("pong", None)] * int(rooms.BURST)
        assert set(kinds[-6:]) == {("error", "rate_limited")}


async def test_a_message_that_is_too_large_is_refused(server):
    async with server.connect("/ws/test-room/r/") as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="speak", text="x" * rooms.MAX_MESSAGE)
        assert (await ws.hear())["code"] == "payload_too_large"


async def test_who_is_behind_a_socket_is_checked_as_over_http(server):
    ann, headers = await signed_in()
    async with server.connect("/ws/test-room/r/", {"authorization": "Bearer nonsense"}) as ws:
        assert await ws.closed() == 4401 and ws.heard[0]["code"] == "token_invalid"
    async with server.connect("/ws/test-room/r/", {"authorization": "Basic nonsense"}) as ws:
        assert await ws.closed() == 4401
    async with server.connect("/ws/test-room/missing/", headers) as ws:
        assert await ws.closed() == 4404 and ws.heard[0]["code"] == "not_found"
    async with server.connect("/ws/test-room/r/?since=soon", headers) as ws:
        assert await ws.closed() == 4400 and "since" in ws.heard[0]["errors"]
    await db.execute("UPDATE users SET status = 'banned' WHERE id = $1", ann.id)
    async with server.connect("/ws/test-room/r/", headers) as ws:
        assert await ws.closed() == 4403 and ws.heard[0]["code"] == "account_banned"


async def test_pages_of_others_may_not_connect(server):
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with server.connect("/ws/test-room/r/", {"origin": "https://evil.example"}):
            pass
    assert refused.value.response.status_code == 403
    async with server.connect("/ws/test-room/r/", {"origin": f"http://127.0.0.1:{server.port}"}) as ws:
        assert (await ws.hear())["type"] == "snapshot"


async def test_a_ticket_opens_one_socket_once(server, client):
    _, headers = await signed_in()
    answer = await client.post("/api/v1/auth/ws-ticket/", headers=headers)
    assert answer.status_code == 201 and answer.json()["data"]["expires_in"] == 60
    ticket = answer.json()["data"]["ticket"]
    async with server.connect(f"/ws/test-room/r/?ticket={ticket}") as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="speak", text="it is me")
        await ws.hear_a("heard")
    async with server.connect(f"/ws/test-room/r/?ticket={ticket}") as ws:
        assert await ws.closed() == 4401 and ws.heard[0]["code"] == "ticket_invalid"
    assert (await client.post("/api/v1/auth/ws-ticket/")).status_code == 401


async def test_a_stale_ticket_or_one_of_an_ended_session_opens_nothing(server, client):
    _, headers = await signed_in()
    tickets = [(await client.post("/api/v1/auth/ws-ticket", headers=headers)).json()["data"]["ticket"] for _ in "ab"]
    await db.execute("UPDATE socket_tickets SET expires_at = now() WHERE token_hash = $1", _hash(tickets[0]))
    async with server.connect(f"/ws/test-room/r/?ticket={tickets[0]}") as ws:
        assert await ws.closed() == 4401
    await db.execute("UPDATE sessions SET ended_at = now()")
    async with server.connect(f"/ws/test-room/r/?ticket={tickets[1]}") as ws:
        assert await ws.closed() == 4401


async def test_of_two_who_use_one_ticket_at_once_one_gets_in(tables):
    user, headers = await signed_in()
    session = read_access_token(headers["authorization"].split()[1])[1]
    for _ in range(5):
        ticket = await issue_ticket(session)
        outcomes = await asyncio.gather(*(redeem_ticket(ticket) for _ in range(4)), return_exceptions=True)
        assert [o.id for o in outcomes if isinstance(o, Viewer)] == [user.id]


async def test_a_signed_out_session_loses_its_sockets_at_once_and_others_keep_theirs(server, monkeypatch):
    monkeypatch.setattr(sockets, "CHECK_SECONDS", 3600.0)
    ann = await a_user()
    phone, laptop = await bearer(ann.id), await bearer(ann.id)
    session = read_access_token(phone["authorization"].split()[1])[1]
    async with server.connect("/ws/test-room/r/", phone) as one, server.connect("/ws/test-room/r/", laptop) as other:
        await one.hear_a("snapshot")
        await other.hear_a("snapshot")
        async with db.transaction():
            sockets.disconnect(ann.id, session)
        assert await one.closed() == 4401
        await other.say(type="ping")
        await other.hear_a("pong")
        async with db.transaction():
            sockets.disconnect(ann.id, reason="banned")
        assert await other.closed() == 4401


async def test_a_ban_that_nobody_told_of_is_found(server):
    ann, headers = await signed_in()
    async with server.connect("/ws/test-room/r/", headers) as ws, server.connect("/ws/test-room/r/") as spectator:
        await ws.hear_a("snapshot")
        await spectator.hear_a("snapshot")
        await db.execute("UPDATE users SET status = 'banned' WHERE id = $1", ann.id)
        assert await ws.closed() == 4401
        await spectator.say(type="ping")
        await spectator.hear_a("pong")


async def test_an_account_has_so_many_sockets_and_no_more(server, monkeypatch):
    monkeypatch.setattr(sockets, "settings", lambda: msgspec.structs.replace(settings(), sockets_per_account=2))
    _, headers = await signed_in()
    async with server.connect("/ws/test-room/r/", headers) as one, server.connect("/ws/test-room/r/", headers) as two:
        await one.hear_a("snapshot")
        await two.hear_a("snapshot")
        async with server.connect("/ws/test-room/r/", headers) as three:
            assert await three.closed() == 4429 and three.heard[0]["code"] == "too_many_connections"
    await eventually(lambda: sockets.count() == 0)
    async with server.connect("/ws/test-room/r/", headers) as again:
        await again.hear_a("snapshot")


async def test_a_room_knows_how_many_are_in_it(server):
    async with server.connect("/ws/test-room/crowd/") as one:
        assert (await one.hear_a("presence"))["count"] == 1
        async with server.connect("/ws/test-room/crowd/") as two:
            assert (await two.hear_a("presence"))["count"] == 2
            assert (await one.hear_a("presence"))["count"] == 2
        assert (await one.hear_a("presence"))["count"] == 1


async def test_a_room_that_everybody_left_leaves_no_memory(server, app):
    channels = app.plugins.get(LiveChannels)
    before = set(channels._channels), dict(channels.backend.sequencer._orders)
    async with server.connect("/ws/test-room/left/") as ws:
        await ws.hear_a("snapshot")
        assert "room:left" in channels._channels
    await eventually(lambda: "room:left" not in channels._channels)
    await eventually(lambda: sockets.count() == 0)
    assert (set(channels._channels), channels.backend.sequencer._orders) == before
    assert "room:left" not in channels.backend._wanted


async def test_a_hundred_sockets_of_one_room_hear_everything_in_order(server):
    async with contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(server.connect("/ws/test-room/r/")) for _ in range(100)]
        for ws in crowd:
            await ws.hear_a("snapshot")
        await asyncio.gather(*(tell("r", f"{i}a", f"{i}b") for i in range(20)))
        for ws in crowd:
            assert [(await ws.hear())["seq"] for _ in range(40)] == list(range(1, 41))


async def test_a_crowd_that_comes_at_once_shares_snapshots_and_misses_nothing(server):
    taken.clear()
    stop = asyncio.Event()

    async def talk() -> None:
        while not stop.is_set():
            await tell("r", "line")

    async def enter(stack) -> LiveSocket:
        ws = await stack.enter_async_context(server.connect("/ws/test-room/r/"))
        await ws.hear_a("snapshot")
        return ws

    async with contextlib.AsyncExitStack() as stack:
        talking = asyncio.create_task(talk())
        crowd = await asyncio.gather(*(enter(stack) for _ in range(60)))
        stop.set()
        await talking
        last = await db.fetch_val("SELECT seq FROM live_rooms WHERE room = 'r'")
        for ws in crowd:
            seq = ws.heard[0]["seq"]
            assert len(ws.heard[0]["lines"]) == seq
            while seq < last:
                assert (await ws.hear())["seq"] == seq + 1
                seq += 1
    assert len(taken) <= 60


async def test_a_snapshot_of_ones_own_is_not_shared(server):
    taken.clear()
    async with contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(server.connect("/ws/test-room/alone/")) for _ in range(5)]
        for ws in crowd:
            await ws.hear_a("snapshot")
    assert len(taken) == 5
