"""A process of the service is killed at any statement of anything that moves money: after the caller has asked again with
the same Idempotency-Key, and what was begun has been looked after, it has happened once and the books agree.

Each run takes other points; `FAULT_SEED` repeats one, `FAULT_ROUNDS` takes more of them (0: every point there is).
"""

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from msgspec import Struct

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.orders.service import completing, shipping
from marketplace.payments.reconciliation import providers as reconciliation
from marketplace.payments.reconciliation.running import reconcile
from marketplace.payments.service import payouts, recovery
from tests.eventually import eventually
from tests.factories import a_user, bearer
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.orders import an_order, read
from tests.factories.payments import fill_wallet, work_off
from tests.factories.payouts import an_earner, cleared_of, pending_of
from tests.faults.nursery import NAME, Nursery, Said, Step, walk
from tests.payments.hooks import bodies, signed

SEED = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 2)
API = "/api/v1"
WORK = Step()


class Deed(Struct, frozen=True):
    """What somebody does, with what is there to do it with; `holds` says what must have come of it, given the answers."""

    steps: list[Step]
    holds: Callable[[list[Said]], Awaitable[None]]


def keyed(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"idempotency-key": str(uuid7())}


async def sum_of(table: str, where: str, *args: object) -> tuple[int, int]:
    row = await db.fetch_row(
        f"SELECT count(*) AS n, coalesce(sum(amount_minor), 0)::bigint AS minor FROM {table} WHERE {where}", *args
    )
    assert row is not None
    return row["n"], row["minor"]


def paying(method: str, more: Callable[[dict[str, str]], list[Step]] | None = None, provider: str = "sandbox"):
    async def prepare() -> Deed:
        buyer = (await a_user()).id
        order_id = await an_order(10_000, buyer=buyer, tax=1_000)
        if provider == "wallet":
            await fill_wallet(buyer, 11_000)
        headers = await bearer(buyer)
        body = {"order_id": str(order_id), "payment_method": provider, "payment_method_id": method}
        first = Step(f"{API}/payments/create/", body, keyed(headers))

        async def holds(said: list[Said]) -> None:
            checkout = (await read(order_id)).checkout
            order = await read(order_id)
            assert (order.status, order.captured_minor, order.held_minor) == ("processing", 11_000, 11_000)
            paid = await db.fetch("SELECT id FROM payments WHERE subject = $1 AND status = 'succeeded'", checkout)
            assert [str(row["id"]) for row in paid] == [said[0].data["id"]]
            assert await sum_of("payments", "subject = $1 AND surplus", checkout) == (0, 0)
            if provider == "sandbox":
                taken = "state = 'succeeded' AND payment IN (SELECT id FROM payments WHERE subject = $1)"
                assert await sum_of("sandbox_charges", taken, checkout) == (1, 11_000)
            assert await db.fetch_val("SELECT count(*) FROM invoices WHERE order_id = $1", order_id) == 1

        return Deed([first, *(more(headers) if more else ())], holds)

    return prepare


def deposited(method: str):
    async def prepare() -> Deed:
        user = (await a_user()).id
        body = {"amount": "50.00", "currency": "USD", "payment_method": "sandbox", "payment_method_id": method}

        async def holds(said: list[Said]) -> None:
            assert await balance_of(wallet_of(user)) == 5_000
            paid = await db.fetch("SELECT id FROM payments WHERE payer = $1 AND status = 'succeeded'", user)
            assert [str(row["id"]) for row in paid] == [said[0].data["id"]]
            taken = "state = 'succeeded' AND payment IN (SELECT id FROM payments WHERE payer = $1)"
            assert await sum_of("sandbox_charges", taken, user) == (1, 5_000)

        return Deed([Step(f"{API}/wallet/deposit/", body, keyed(await bearer(user))), WORK], holds)

    return prepare


def approved(headers: dict[str, str]) -> list[Step]:
    return [
        Step("{action_url}", form={"key": "{client_secret}", "do": "approve"}),
        Step(f"{API}/payments/{{id}}/confirm/", headers=headers),
    ]


async def completed() -> Deed:
    buyer, seller = (await a_user()).id, (await a_user()).id
    order_id = await an_order(10_000, buyer=buyer, seller=seller, tax=1_000, paid=True)
    await shipping.ship(order_id, seller, "DHL", "1")

    async def holds(said: list[Said]) -> None:
        order = await read(order_id)
        assert (order.status, order.released_minor, order.held_minor) == ("delivered", 11_000, 0)
        assert await balance_of(pending_of(seller)) + await balance_of(cleared_of(seller)) == 9_000

    return Deed([Step(f"{API}/orders/{order_id}/complete/", {}, keyed(await bearer(buyer)))], holds)


async def cleared() -> Deed:
    buyer, seller = (await a_user()).id, (await a_user()).id
    order_id = await an_order(10_000, buyer=buyer, seller=seller, tax=1_000, paid=True)
    await completing.complete(order_id, None, "")
    await db.execute("UPDATE timers SET due_at = now() WHERE key LIKE $1", f"{order_id}%")

    async def holds(said: list[Said]) -> None:
        assert (await balance_of(pending_of(seller)), await balance_of(cleared_of(seller))) == (0, 9_000)

    return Deed([WORK], holds)


def refunded(amount: str, minor: int, *, released: bool = False):
    async def prepare() -> Deed:
        buyer, seller = (await a_user()).id, (await a_user()).id
        order_id = await an_order(10_000, buyer=buyer, seller=seller, tax=1_000, paid=True)
        if released:
            await completing.complete(order_id, None, "")
            await work_off()

        async def holds(said: list[Said]) -> None:
            assert (await read(order_id)).refunded_minor == minor
            assert await sum_of("refunds", "order_id = $1 AND status = 'succeeded'", order_id) == (1, minor)
            ours = "refund IN (SELECT id FROM refunds WHERE order_id = $1) AND state = 'succeeded'"
            assert await sum_of("sandbox_refunds", ours, order_id) == (1, minor)
            [refund_id] = await db.fetch("SELECT id FROM refunds WHERE order_id = $1", order_id)
            assert str(refund_id["id"]) == said[0].data["refund_id"]

        return Deed(
            [Step(f"{API}/orders/{order_id}/refund/", {"amount": amount}, keyed(await bearer(seller))), WORK], holds
        )

    return prepare


async def called_off() -> Deed:
    seller = (await a_user()).id
    order_id = await an_order(10_000, seller=seller, tax=1_000, paid=True)

    async def holds(said: list[Said]) -> None:
        order = await read(order_id)
        assert (order.status, order.refunded_minor, order.held_minor) == ("cancelled", 11_000, 0)
        assert await sum_of("refunds", "order_id = $1 AND status = 'succeeded'", order_id) == (1, 11_000)

    return Deed([Step(f"{API}/orders/{order_id}/cancel/", {}, keyed(await bearer(seller))), WORK], holds)


def paid_out(destination: str):
    async def prepare() -> Deed:
        user = await an_earner(10_000, destination)

        async def holds(said: list[Said]) -> None:
            assert await balance_of(cleared_of(user)) == 6_000
            assert await sum_of("payouts", "\"user\" = $1 AND status = 'paid'", user) == (1, 4_000)
            ours = "payout IN (SELECT id FROM payouts WHERE \"user\" = $1) AND state = 'succeeded'"
            assert await sum_of("sandbox_payouts", ours, user) == (1, 4_000)
            assert await db.fetch_val('SELECT id::text FROM payouts WHERE "user" = $1', user) == said[0].data["id"]

        body = {"amount": "40.00", "currency": "USD"}
        return Deed([Step(f"{API}/payouts/request/", body, keyed(await bearer(user))), WORK], holds)

    return prepare


DEEDS = {
    "pay": paying("pm_card_ok"),
    "pay, the answer lost": paying("pm_card_lost_reply"),
    "pay, the question lost": paying("pm_card_lost_request"),
    "pay slowly": paying("pm_card_slow", lambda _: [WORK]),
    "pay with 3-D Secure": paying("pm_card_3ds", approved),
    "pay from the wallet": paying("", provider="wallet"),
    "deposit": deposited("pm_card_ok"),
    "deposit, the answer lost": deposited("pm_card_lost_reply"),
    "complete": completed,
    "clear": cleared,
    "refund": refunded("30.00", 3_000),
    "refund what was released": refunded("30.00", 3_000, released=True),
    "refund, the answer lost": refunded("77.25", 7_725),
    "cancel": called_off,
    "pay out": paid_out("acct_ok"),
    "pay out slowly": paid_out("acct_slow"),
    "pay out, the answer lost": paid_out("acct_lost_reply"),
}


@pytest.fixture(scope="module")
async def nursery(_database: None) -> AsyncIterator[Nursery]:
    print(f"FAULT_SEED={SEED}")
    nursery = await Nursery.open()
    yield nursery
    await nursery.close()


@pytest.fixture
def nothing_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: a call that is not heard of has come to nothing, for whoever made it is dead."""
    monkeypatch.setattr(recovery, "PATIENCE", timedelta(0))
    monkeypatch.setattr(reconciliation, "SETTLING", timedelta(0))


@pytest.mark.usefixtures("nothing_is_under_way")
@pytest.mark.parametrize("name", DEEDS)
async def test_killed_anywhere_it_happens_once(client, nursery, name):
    await killed_anywhere(client, nursery, name, DEEDS[name])


async def killed_anywhere(
    client: httpx.AsyncClient, nursery: Nursery, name: str, prepare: Callable[[], Awaitable[Deed]]
) -> None:
    dice = random.Random(f"{SEED} {name}")
    deed = await prepare()
    life = await nursery.live(*deed.steps)
    assert not life.killed and life.points
    await follow_up(client, deed, life.said)
    # Always the last: all is committed, and nobody hears of it.
    last, some = life.points, range(1, life.points)
    for point in [*(some if ROUNDS == 0 else sorted(dice.sample(some, min(ROUNDS, len(some))))), last]:
        print(f"FAULT_SEED={SEED} {name!r} killed at {point} of {last}")
        deed = await prepare()
        life = await nursery.live(*deed.steps, fatal=point)
        await eventually(nobody_is_left)
        await hold_invariants()
        await follow_up(client, deed, life.said)


async def follow_up(client: httpx.AsyncClient, deed: Deed, heard: list[Said]) -> None:
    """The caller asks again with the same keys, until they have been answered; then all that was begun is looked after."""
    for _ in range(3):
        await forget_claims()
        again = [said async for said in walk(client, deed.steps)]
        for before, after in zip(heard, again, strict=False):
            assert before.status >= 400 or before.data.get("id") == after.data.get("id"), "it was acknowledged"
        await settle(client)
        if again[-1].status < 400:
            break
        assert again[-1].status == 503, again
    await deed.holds(again)


async def nobody_is_left() -> bool:
    """The server has noticed that the process is dead."""
    count = await db.fetch_val("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", NAME)
    return bool(count == 0)


async def forget_claims() -> None:
    """As if a minute had passed: the claims of dead processes have run out."""
    await db.execute("UPDATE idempotency_keys SET claimed_at = claimed_at - interval '2 minutes'")


OPEN = """
SELECT (SELECT count(*) FROM payments WHERE status IN ('created', 'processing'))
  + (SELECT count(*) FROM refunds WHERE status = 'pending')
  + (SELECT count(*) FROM payouts WHERE status IN ('requested', 'processing'))
  + (SELECT count(*) FROM webhook_events WHERE status = 'received') + (SELECT count(*) FROM outbox)
"""
"""What is not known yet, or not done."""


async def settle(client) -> None:
    """As if hours had passed: what waits for its time has its time, and the sandbox's webhooks come, twice."""
    for _ in range(10):
        await db.execute("UPDATE outbox SET due_at = now()")
        await db.execute(
            "UPDATE timers SET due_at = now() - interval '1 second' WHERE kind LIKE 'payments.%' OR kind = 'orders.clear'"
        )
        await db.execute("UPDATE payouts SET check_at = now() WHERE check_at IS NOT NULL")
        await work_off()
        while await payouts.send_due() + await payouts.check_due():
            pass
        for body in await bodies():
            for _ in range(2):
                answer = await client.post(f"{API}/payments/webhook/sandbox/", content=body, headers=signed(body))
                assert answer.status_code == 200, answer.text
        await db.execute("DELETE FROM sandbox_events")
        await work_off()
        if await db.fetch_val(OPEN) == 0:
            break
    assert await db.fetch_val(OPEN) == 0
    await hold_invariants()
    assert (await reconcile()).found == []
