"""Webhooks: what they say, how they are signed, and that they arrive, whatever the receiver answers at first."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from marketplace.core import clock, db, jobs, outbox, timers
from marketplace.core.config import settings
from marketplace.payments.providers.base import BadSignature, Subject
from marketplace.payments.providers.sandbox import by_hand, webhooks
from tests.payments.sandbox.paying import SANDBOX, a_charge, a_paid_charge, a_transfer, later

pytestmark = pytest.mark.usefixtures("tables")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BODY = msgspec.json.encode({
    "id": "sbx_evt_1", "type": "payout.succeeded", "created_at": "2026-11-20T12:00:00Z",
    "data": {"subject": "payout", "reference": "sbx_po_1", "state": "succeeded", "amount": {"minor": 5, "currency": "USD"}},
})  # fmt: skip


async def verified(signature: str, body: bytes = BODY, now: datetime = NOW):
    return await SANDBOX.verify_webhook({webhooks.SIGNATURE: signature}, body, now)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
async def test_a_webhook_is_good_for_five_minutes(seconds):
    [notice] = await verified(webhooks.signature(BODY, NOW - timedelta(seconds=seconds)))
    assert (notice.event_id, notice.type, notice.created_at) == ("sbx_evt_1", "payout.succeeded", NOW)
    assert notice.outcome.subject is Subject.PAYOUT and notice.outcome.amount.minor == 5


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
async def test_and_no_longer(seconds):
    with pytest.raises(BadSignature):
        await verified(webhooks.signature(BODY, NOW - timedelta(seconds=seconds)))


async def test_an_altered_body_or_time_is_refused():
    good = webhooks.signature(BODY, NOW)
    for body in (BODY.replace(b'"minor":5', b'"minor":6'), BODY + b" ", b"", BODY[:-1]):
        with pytest.raises(BadSignature):
            await verified(good, body)
    later_on = good.replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 1}")
    with pytest.raises(BadSignature):
        await verified(later_on)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=",
        "v1=abc",
        "t=1",
        "t=abc,v1=abc",
        "t=١٢,v1=abc",
        "t=1,v1=",
        "t=99999999999999999999,v1=a",
        "v1=ü,t=1",
        "," * 2000,
    ],
)
async def test_what_is_no_signature_is_refused(signature):
    with pytest.raises(BadSignature):
        await verified(signature)
    with pytest.raises(BadSignature):
        await SANDBOX.verify_webhook({}, BODY, NOW)


async def test_a_signature_made_for_something_else_is_refused(monkeypatch):
    monkeypatch.setattr(webhooks, "PURPOSE", "something.else")
    forged = webhooks.signature(BODY, NOW)
    monkeypatch.undo()
    with pytest.raises(BadSignature):
        await verified(forged)


async def test_one_good_signature_among_several_is_enough():
    at, _, good = webhooks.signature(BODY, NOW).partition(",")
    assert await verified(f"{at},v1=00,{good}")


async def test_the_key_from_before_a_change_still_verifies(configure):
    old = settings().secret_key
    signed_before = webhooks.signature(BODY, NOW)
    configure(secret_key="x" * 20 + "another secret of the service")
    with pytest.raises(BadSignature):
        await verified(signed_before)
    configure(secret_key_previous=old)
    assert await verified(signed_before)
    assert webhooks.signature(BODY, NOW) != signed_before
    assert await verified(webhooks.signature(BODY, NOW))


async def test_signed_bytes_that_are_no_event_are_refused():
    with pytest.raises(BadSignature):
        await verified(webhooks.signature(b"[]", NOW), b"[]")


async def test_each_change_is_delivered_and_verifies(receiver):
    charge = a_charge("pm_card_slow")
    said = await SANDBOX.create(charge)
    await outbox.drain()
    await later()
    await outbox.drain()
    notices = []
    for path, headers, body in receiver.taken:
        assert path == "/api/v1/payments/webhook/sandbox/" and headers["content-type"] == "application/json"
        notices += await SANDBOX.verify_webhook(headers, body, clock.now())
    assert [notice.type for notice in notices] == ["charge.processing", "charge.succeeded"]
    assert notices[0].outcome == said
    assert notices[1].outcome == await SANDBOX.fetch(Subject.CHARGE, charge.payment_id)
    assert len({notice.event_id for notice in notices}) == 2
    assert await db.fetch_val("SELECT count(*) FROM sandbox_events WHERE delivered_at IS NULL") == 0


async def test_the_payers_secret_is_told_to_the_caller_only(receiver):
    said = await SANDBOX.create(a_charge("pm_card_3ds"))
    await outbox.drain()
    [(_, _, body)] = receiver.taken
    assert said.client_secret and said.client_secret.encode() not in body


async def test_a_receiver_that_fails_is_asked_again_until_it_takes_it(receiver):
    receiver.answers = [500, 404, 302]
    await SANDBOX.payout(a_transfer())
    await outbox.drain()
    for _ in range(4):
        await db.execute("UPDATE timers SET due_at = now() - interval '1 second'")
        await timers.run_due()
        await outbox.drain()
    assert len({body for _, _, body in receiver.taken}) == 1 and len(receiver.taken) == 4
    assert [row["status"] for row in await db.fetch("SELECT status FROM sandbox_deliveries ORDER BY id")] == [
        500,
        404,
        302,
        200,
    ]
    [event] = await db.fetch("SELECT attempts, delivered_at FROM sandbox_events")
    assert event["attempts"] == 4 and event["delivered_at"] is not None


async def test_tries_come_further_and_further_apart_and_end(configure):
    configure(public_url="http://127.0.0.1:9")  # nobody is there
    await SANDBOX.payout(a_transfer())
    waits = []
    [event_id] = [row["id"] for row in await db.fetch("SELECT id FROM sandbox_events")]
    for _ in range(len(webhooks.RETRIES) + 1):
        await db.execute("DELETE FROM timers")
        before = clock.now()
        await webhooks.deliver.work(event_id)
        due = await db.fetch_val("SELECT due_at FROM timers WHERE kind = 'payments.sandbox.deliver'")
        waits.append(None if due is None else round((due - before).total_seconds()))
    assert waits[-1] is None and waits[:-1] == sorted(waits[:-1]) and waits[0] == 2
    errors = await db.fetch("SELECT status, error FROM sandbox_deliveries")
    assert {row["status"] for row in errors} == {0} and "ConnectError" in errors[0]["error"]


async def test_what_was_taken_is_delivered_again_when_asked_for(receiver):
    await SANDBOX.payout(a_transfer())
    await outbox.drain()
    event_id = await db.fetch_val("SELECT id FROM sandbox_events")
    await webhooks.deliver.work(event_id)
    assert len(receiver.taken) == 1  # not by itself
    await by_hand.deliver_again(event_id)
    await outbox.drain()
    first, second = [await SANDBOX.verify_webhook(headers, body, clock.now()) for _, headers, body in receiver.taken]
    assert first == second


async def test_a_change_that_is_undone_is_not_told(receiver):
    charge, _ = await a_paid_charge()
    await outbox.drain()
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await webhooks.tell(await _outcome_of(charge))
            raise RuntimeError
    await outbox.drain()
    assert len(receiver.taken) == 1


async def _outcome_of(charge):
    from marketplace.payments.providers.sandbox import things

    row = await things.find(Subject.CHARGE, charge.payment_id)
    return things.outcome(Subject.CHARGE, row)


def test_jobs_give_up_later_than_the_receiver_is_waited_for():
    assert webhooks.deliver.timeout > (webhooks.PATIENCE.read or 0)
    assert isinstance(webhooks.deliver, jobs.Job)
