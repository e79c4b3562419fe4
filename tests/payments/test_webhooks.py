import asyncio
import random
from datetime import timedelta

import pytest

from marketplace.accounts.states import Role
from marketplace.core import clock, db, timers
from marketplace.core.errors import Conflict
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.errors import WebhookNotFound
from marketplace.payments.providers import offer
from marketplace.payments.providers.base import Notice, Outcome, Reply, State, Subject
from marketplace.payments.providers.sandbox.provider import Sandbox
from marketplace.payments.service import completing, webhooks
from tests.factories import a_user
from tests.factories.ledger import balance_of, hold_invariants
from tests.factories.payments import (
    a_paid_stall,
    a_payment,
    a_refund,
    a_stall,
    clearing,
    close_stall,
    history_of,
    kept_by,
    standing,
    work_off,
)
from tests.payments.hooks import PATH, an_event, bodies, deliver, post, signed, stored
from tests.payments.sandbox.paying import later


def said(payment_id, state=State.SUCCEEDED, minor=2_500, **over):
    values = {"subject": Subject.CHARGE, "reference": "", "state": state, "amount": Money(minor, "USD")}
    return Outcome(**(values | {"our_id": payment_id} | over))


async def test_a_webhook_tells_what_became_of_a_slow_payment(client):
    stall = await a_stall()
    payment_id = await a_payment(stall, "pm_card_slow")
    await later()
    assert await deliver(client, times=2) == 4
    assert await standing(payment_id) == ("processing", False), "it is answered first, and worked on then"
    await work_off()
    assert await standing(payment_id) == ("succeeded", False)
    for row in await stored():
        await webhooks.work.work(webhook_id=str(row["id"]))  # a queue may hand a job on twice
    assert [(row["status"], row["attempts"]) for row in await stored()] == [("processed", 1)] * 2
    await hold_invariants()


@pytest.mark.parametrize("seed", range(6))
async def test_webhooks_five_times_over_and_in_any_order_come_to_the_same_end(client, seed):
    dice = random.Random(seed)
    slow, late, refunded, charged_back = await a_stall(), await a_stall(), await a_stall(minor=20_000), await a_stall()
    payments = [
        await a_payment(slow, "pm_card_slow"),
        await a_payment(late, "pm_card_slow"),
        await a_payment(refunded),
        await a_payment(charged_back, "pm_card_chargeback"),
    ]
    await close_stall(late)
    refund_id = await a_refund(payments[2], 7724)
    await work_off()
    await later()
    await deliver(client, times=5, dice=dice)
    await work_off()
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = $1", webhooks.TIMER)
    await work_off()
    await deliver(client, dice=dice)
    await work_off()
    assert {row["status"] for row in await stored()} == {"processed"}
    assert [await standing(one) for one in payments] == [
        ("succeeded", False), ("succeeded", True), ("succeeded", False), ("succeeded", False),
    ]  # fmt: skip
    assert (await history_of(refund_id))[-1] == "failed"
    assert [await kept_by(one) for one in (slow, late, refunded)] == [2_500, 0, 20_000]
    await hold_invariants()


async def test_a_bad_signature_stores_nothing(client):
    body = an_event(said(uuid7()))
    for headers in ({}, signed(body + b" "), {"sandbox-signature": "t=1,v1=00"}):
        answer = await client.post(PATH, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert await stored() == []


async def test_what_is_not_configured_is_not_there(client, configure):
    for path in ("webhook/", "stripe-webhook/", "paypal-webhook/", "webhook/alipay/", "webhook/wechat/"):
        answer = await client.post(f"/api/v1/payments/{path}", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    configure(sandbox_payments="off")
    body = an_event(said(uuid7()))
    assert (await post(client, body)).status_code == 404


async def test_a_body_that_is_too_large_is_refused(client):
    body = b"x" * 300_000
    answer = await post(client, body)
    assert answer.status_code == 413 and await stored() == []


async def test_whatever_else_a_webhook_brings_it_is_its_signature_that_counts(client):
    _, payment_id = await a_paid_stall()
    [body] = await bodies()
    answer = await post(client, body, authorization="Bearer nonsense")
    assert answer.status_code == 200
    await work_off()
    assert await standing(payment_id) == ("succeeded", False)


async def test_an_event_that_comes_before_what_it_is_about_waits_for_it(client):
    payment_id = uuid7()
    assert (await post(client, an_event(said(payment_id)))).status_code == 200
    await work_off()
    [row] = await stored()
    assert (row["status"], row["attempts"]) == ("received", 1) and "UnknownToUs" in row["error"]
    await hold_invariants()
    stall = await a_stall()
    await a_payment(stall, "", request_id=payment_id)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = $1", webhooks.TIMER)
    await work_off()
    assert await standing(payment_id) == ("succeeded", False)
    await hold_invariants()


async def test_an_event_that_never_comes_to_anything_is_left_to_a_person_who_may_replay_it(client):
    payment_id = uuid7()
    await post(client, an_event(said(payment_id)))
    for _ in range(webhooks.TRIES + 1):
        await db.execute("UPDATE timers SET due_at = now() WHERE kind = $1", webhooks.TIMER)
        await work_off()
    [row] = await stored()
    assert (row["status"], row["attempts"]) == ("failed", webhooks.TRIES)
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = $1", webhooks.TIMER) == 0
    await a_payment(await a_stall(), "", request_id=payment_id)
    staff = await a_user(Role.MANAGER)
    await webhooks.replay(row["id"], staff.id)
    await work_off()
    assert await standing(payment_id) == ("succeeded", False)
    await webhooks.replay(row["id"], staff.id)
    await work_off()
    assert [one["status"] for one in await stored()] == ["processed"]
    actions = [one["action"] for one in await db.fetch("SELECT action FROM audit_log")]
    assert actions == ["webhook.replayed"] * 2
    with pytest.raises(WebhookNotFound):
        await webhooks.replay(uuid7(), staff.id)
    await hold_invariants()


class Gossip(Sandbox):
    """A provider that tells of what does not concern us, and of several things in one webhook."""

    name = "gossip"

    async def verify_webhook(self, headers, body, now):
        notices = [
            Notice(event_id="e" * 300, type="balance.available", created_at=now),
            Notice(
                event_id="2", type="x", created_at=now, outcome=said(uuid7(), State.FAILED, failure_message="\x00bad")
            ),
        ]
        return notices * 2

    def reply(self):
        return Reply(b"success", "text/plain")


@pytest.fixture
def gossip(monkeypatch):
    from marketplace.payments import providers

    monkeypatch.setattr(providers, "_factories", dict(providers._factories))
    offer("gossip", Gossip)


async def test_what_does_not_concern_us_is_kept_and_left_alone(tables, gossip):
    reply = await webhooks.receive("gossip", {}, b"\x00\xff")
    assert reply.body == b"success"
    await work_off()
    ignored, unknown = await stored()
    assert (ignored["status"], unknown["status"]) == ("ignored", "received")
    with pytest.raises(Conflict):
        await webhooks.replay(ignored["id"], (await a_user(Role.MANAGER)).id)


async def test_one_provider_speaks_of_no_others_money(tables, gossip):
    payment_id = await a_payment(await a_stall(), "")
    with pytest.raises(webhooks.UnknownToUs):
        await webhooks._charge("gossip", said(payment_id))
    with pytest.raises(webhooks.UnknownToUs):
        await webhooks._dispute("gossip", said(payment_id, State.OPEN, subject=Subject.DISPUTE))
    refund_id = await a_refund((await a_paid_stall())[1], 100)
    with pytest.raises(webhooks.UnknownToUs):
        await webhooks._refund("gossip", said(refund_id, subject=Subject.REFUND))
    assert await standing(payment_id) == ("requires_payment_method", False)


async def test_pauses_grow(client):
    await post(client, an_event(said(uuid7())))
    await work_off()
    due = await db.fetch_val("SELECT due_at FROM timers WHERE kind = $1", webhooks.TIMER)
    assert timedelta(0) < due - clock.now() <= timedelta(seconds=2)
    assert await timers.run_due() == 0


async def test_opposite_news_at_once_leave_one_end(tables):
    for _ in range(15):
        stall = await a_stall()
        payment_id = await a_payment(stall, "")
        await asyncio.gather(
            *(completing.apply(payment_id, said(payment_id, state), source="test") for state in OPPOSITE)
        )
        end = await standing(payment_id)
        assert end in (("succeeded", False), ("failed", True), ("cancelled", True))
        assert await kept_by(stall) == (0 if end[1] else 2_500)
    await hold_invariants()


OPPOSITE = [State.FAILED, State.SUCCEEDED, State.CANCELLED, State.SUCCEEDED, State.PROCESSING]


async def test_late_news_of_what_is_over_changes_nothing(client):
    stall, payment_id = await a_paid_stall()
    for state in (State.PROCESSING, State.REQUIRES_METHOD, State.FAILED, State.CANCELLED, State.SUCCEEDED):
        await post(client, an_event(said(payment_id, state)))
    await work_off()
    assert await history_of(payment_id) == ["created", "succeeded"]
    assert (await kept_by(stall), await balance_of(clearing())) == (2_500, -2_500)
    await hold_invariants()


async def test_what_providers_wrote_is_forgotten_once_nobody_needs_it(client):
    await a_paid_stall()
    await deliver(client)
    await post(client, an_event(said(uuid7())))
    await work_off()
    await db.execute("UPDATE webhook_events SET received_at = $1", clock.now() - webhooks.KEEP_BODIES)
    assert await webhooks.forget_bodies() == 1
    assert [row["body"] == "" for row in await db.fetch("SELECT body FROM webhook_events ORDER BY id")] == [True, False]
