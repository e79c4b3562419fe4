import pytest

from marketplace.core import db, jobs, outbox
from marketplace.core.tables import LiveMessage
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import CATEGORY, Kind
from marketplace.notifications.service import notify
from marketplace.notifications.tables import Notification
from tests.factories import signed_in

pytestmark = pytest.mark.usefixtures("tables")

URL = "/api/v1/notifications/settings/"


async def test_settings_begin_with_the_defaults_of_each_type(client):
    _, headers = await signed_in(language="zh")
    answer = await client.get(URL, headers=headers)
    shown = answer.json()["data"]["settings"]
    assert set(shown) == set(Kind)
    assert shown["outbid"] == {
        "category": "auctions", "title": "您的出价已被超过", "is_critical": False, "in_app": True, "email": True, "live": True,
    }  # fmt: skip
    assert shown["bid_received"]["email"] is False
    assert {k for k, s in shown.items() if s["is_critical"]} == {k for k in Kind if CATEGORY[k].is_critical}


async def test_a_change_is_partial_and_kept(client):
    _, headers = await signed_in()
    changed = await client.post(URL, json={"settings": {"outbid": {"email": False}}}, headers=headers)
    assert changed.status_code == 200, changed.text
    await client.post(URL, json={"settings": {"outbid": {"live": False}}}, headers=headers)
    outbid = (await client.get(URL, headers=headers)).json()["data"]["settings"]["outbid"]
    assert (outbid["in_app"], outbid["email"], outbid["live"]) == (True, False, False)


async def test_one_switch_for_everything_that_is_not_critical(client):
    _, headers = await signed_in()
    body = {"email": False, "settings": {"outbid": {"email": True}}}
    shown = (await client.post(URL, json=body, headers=headers)).json()["data"]["settings"]
    assert {k for k, s in shown.items() if s["email"]} == {k for k, s in shown.items() if s["is_critical"]} | {"outbid"}


@pytest.mark.parametrize("kind", [Kind.PASSWORD_CHANGED, Kind.AUCTION_WON])
async def test_security_and_money_cannot_be_turned_off(client, kind):
    _, headers = await signed_in()
    body = {"settings": {kind: {"email": False}, "outbid": {"email": False}}}
    refused = await client.post(URL, json=body, headers=headers)
    assert refused.status_code == 422 and refused.json()["code"] == "critical_notification"
    assert refused.json()["errors"] == {f"settings.{kind}.email": ["This cannot be turned off."]}
    shown = (await client.get(URL, headers=headers)).json()["data"]["settings"]
    assert shown["outbid"]["email"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "settings"), ({"settings": {"nonsense": {}}}, "settings"), ({"settings": {"outbid": {"email": "yes"}}}, "settings"),
     ({"sms": True}, "sms"), ({"settings": {"outbid": {"sms": True}}}, "settings")],
)  # fmt: skip
async def test_nonsense_is_refused_by_name(client, body, field):
    _, headers = await signed_in()
    refused = await client.post(URL, json=body, headers=headers)
    assert refused.status_code == 400 and any(name.startswith(field) for name in refused.json()["errors"])


async def test_what_is_turned_off_stays_away(client):
    ann, headers = await signed_in()
    await client.post(
        URL, json={"settings": {"outbid": {"in_app": False, "email": False, "live": False}}}, headers=headers
    )
    async with db.transaction():
        await notify(Kind.OUTBID, Details(title="A watch"), [ann.id])
        await notify(Kind.PASSWORD_CHANGED, Details(), [ann.id])
    assert [row["type"] for row in await Notification.select(Notification.type)] == ["password_changed"]
    assert await LiveMessage.count() == 1


async def test_live_without_inbox_leaves_the_unread_count_alone(client):
    ann, headers = await signed_in()
    await client.post(URL, json={"settings": {"outbid": {"in_app": False}}}, headers=headers)
    async with db.transaction():
        await notify(Kind.OUTBID, Details(title="A watch"), [ann.id])
    [message] = await LiveMessage.select(LiveMessage.body)
    assert '"unread_change":0' in message["body"] and await Notification.count() == 0
    outbox.use_job_pusher(jobs.run_inline)
